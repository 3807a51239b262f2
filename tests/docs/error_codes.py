"""Every error that the portal raises, with its words and what REST answers: the page that bin/docs writes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from portal.api.problems import CODE_OF_STATUS, STATUS_OF_CODE, STATUS_OF_KIND
from portal.domain.errors import Kind
from portal.i18n import catalogue, t

ROOT = Path(__file__).resolve().parents[2]
_KINDS = {
    "NotFound": Kind.NOT_FOUND,
    "Conflict": Kind.CONFLICT,
    "Refused": Kind.REFUSED,
    "Invalid": Kind.INVALID,
    "Unavailable": Kind.UNAVAILABLE,
    "Unsupported": Kind.UNAVAILABLE,
}
_WORDS = {
    "en": (
        "# Error codes",
        {
            Kind.NOT_FOUND: "Not found",
            Kind.CONFLICT: "It exists, or was changed meanwhile",
            Kind.REFUSED: "Refused",
            Kind.INVALID: "The input is wrong",
            Kind.UNAVAILABLE: "Something does not answer",
        },
        "At the door and elsewhere",
    ),
    "zh": (
        "# 错误代码",
        {
            Kind.NOT_FOUND: "未找到",
            Kind.CONFLICT: "已存在，或期间有改动",
            Kind.REFUSED: "被拒绝",
            Kind.INVALID: "输入有误",
            Kind.UNAVAILABLE: "某个依赖没有响应",
        },
        "登录与其他",
    ),
}


def page(locale: str) -> str:
    title, kinds, others = _WORDS[locale]
    words = catalogue(locale)
    known = kind_of_code()
    lines = [title, "", t(locale, "errors_page.introduction"), ""]
    codes = sorted(key.removeprefix("error.") for key in words if key.startswith("error."))
    for kind, heading in [*kinds.items(), (None, others)]:
        lines += [f"## {heading}", ""]
        for code in (code for code in codes if known.get(code) is kind):
            lines += [f"### `{code}`", "", words[f"error.{code}"], "", *_answer(code, kind)]
    return "\n".join(lines)


def _answer(code: str, kind: Kind | None) -> Iterator[str]:
    status = STATUS_OF_CODE.get(code) or (STATUS_OF_KIND[kind] if kind else None)
    status = status or next((number for number, name in CODE_OF_STATUS.items() if name == code), None)
    if status is not None:
        yield from (f"REST: {status}", "")


def kind_of_code() -> dict[str, Kind]:
    """By code: the kind of the error as which it is raised."""
    found: dict[str, Kind] = {}
    for path in sorted((ROOT / "portal").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in _KINDS:
                    found |= dict.fromkeys(_codes(node.args[0]), _KINDS[name])
    return found


def _codes(argument: ast.expr) -> Iterator[str]:
    """The literal itself, or both sides of a conditional expression."""
    if isinstance(argument, ast.IfExp):
        yield from (*_codes(argument.body), *_codes(argument.orelse))
    elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value
