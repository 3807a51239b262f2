"""Which tests prove which requirement: the page that bin/docs writes from the marks of the tests."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_WORDS = {
    "en": (
        "# Requirements",
        "Tests that name a requirement by `@pytest.mark.req`. Written by `bin/docs`.",
        "| requirement | tests |",
    ),
    "zh": ("# 需求", "以 `@pytest.mark.req` 标注需求的测试。由 `bin/docs` 生成。", "| 需求 | 测试 |"),
}


def page(locale: str) -> str:
    title, introduction, head = _WORDS[locale]
    tests: dict[str, list[str]] = defaultdict(list)
    for requirement, test in sorted(set(marked())):
        tests[requirement].append(f"`{test}`")
    rows = [f"| {requirement} | {'<br>'.join(names)} |" for requirement, names in sorted(tests.items())]
    return "\n".join([title, "", introduction, "", head, "|---|---|", *rows, ""])


def marked() -> Iterator[tuple[str, str]]:
    """(requirement, file::test) of every marked test; a mark of the whole file counts as one entry of the file."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = str(path.relative_to(ROOT))
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from ((r, f"{name}::{node.name}") for mark in node.decorator_list for r in _requirements(mark))
            elif isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in node.targets):
                yield from ((r, name) for r in _requirements(node.value))


def _requirements(mark: ast.expr) -> Iterator[str]:
    for node in ast.walk(mark):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "req":
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))
