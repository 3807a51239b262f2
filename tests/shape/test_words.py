"""The two catalogues of words are twins, and every error that the portal raises has its sentence in both."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = {name: ROOT / "portal" / "i18n" / f"{name}.json" for name in ("en", "zh")}
ERRORS = {"NotFound", "Conflict", "Refused", "Invalid", "Unavailable", "Unsupported"}


@dataclass(frozen=True, slots=True)
class Raised:
    """An error made somewhere in portal/. `params` is None where they are only known at run time."""

    where: str
    code: str
    params: frozenset[str] | None


def catalogue(name: str) -> dict[str, str]:
    return json.loads(CATALOGUES[name].read_text("utf-8"))


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def report(breaches: list[str]) -> None:
    if breaches:
        pytest.fail("\n" + "\n".join(sorted(set(breaches))), pytrace=False)


def called(node: ast.Call) -> str:
    function = node.func
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def codes(argument: ast.expr) -> Iterator[str]:
    """The literal itself, or both sides of a conditional expression."""
    if isinstance(argument, ast.IfExp):
        yield from codes(argument.body)
        yield from codes(argument.orelse)
    elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value


def raised_in(path: Path) -> Iterator[Raised]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and called(node) in ERRORS and node.args:
            names = [keyword.arg for keyword in node.keywords]
            params = None if None in names else frozenset(name for name in names if name)
            for code in codes(node.args[0]):
                yield Raised(f"{path.relative_to(ROOT)}:{node.lineno}", code, params)


def raised() -> list[Raised]:
    return [error for path in sorted((ROOT / "portal").rglob("*.py")) for error in raised_in(path)]


def test_both_languages_have_the_same_keys():
    english, chinese = catalogue("en"), catalogue("zh")
    report(
        [f"{key} has no Chinese: bin/i18n-add {key} …" for key in english.keys() - chinese.keys()]
        + [f"{key} has no English: bin/i18n-add {key} …" for key in chinese.keys() - english.keys()]
    )


def test_both_languages_fill_in_the_same_names():
    english, chinese = catalogue("en"), catalogue("zh")
    report(
        [
            f"{key}: en fills in {sorted(placeholders(english[key]))}, zh {sorted(placeholders(chinese[key]))}."
            for key in english.keys() & chinese.keys()
            if placeholders(english[key]) != placeholders(chinese[key])
        ]
    )


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_catalogue_is_sorted_and_has_no_empty_text(name: str):
    words = catalogue(name)
    report([f"{name}.json: {key} is empty." for key, text in words.items() if not text.strip()])
    assert list(words) == sorted(words), f"{name}.json is not sorted: add words with bin/i18n-add"


def test_every_error_has_a_sentence():
    words = catalogue("en")
    first = {error.code: error.where for error in reversed(raised())}
    report(
        [
            f'{where} raises {code}, which has no words yet: bin/i18n-add error.{code} "English" "中文"'
            for code, where in first.items()
            if f"error.{code}" not in words
        ]
    )


def test_every_sentence_of_an_error_gets_what_it_fills_in():
    words = catalogue("en")
    report(
        [
            f"{error.where}: the sentence of {error.code} fills in {{{name}}}, which is not passed here."
            for error in raised()
            if error.params is not None
            for name in placeholders(words.get(f"error.{error.code}", "")) - error.params
        ]
    )
