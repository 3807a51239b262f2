"""No page says a word that is not in the catalogue of both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.i18n import catalogue

WEB = Path(__file__).resolve().parents[2] / "portal" / "web"
FOLDERS = (WEB / "pages", WEB / "components", WEB)
SPOKEN_ARGUMENTS = {"placeholder", "aria_label", "title", "alt", "label", "empty_text"}
FIELDS_WITHOUT_WORDS = re.compile(r"[\W\d_]*")


def sources() -> list[Path]:
    return sorted({path for folder in FOLDERS for path in folder.glob("*.py")})


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts that are handed to an element as a child, or as an attribute that is read out or shown."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if is_element(node.func):
            yield from (
                (a.lineno, a.value) for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
            )
        for keyword in node.keywords:
            value = keyword.value
            if keyword.arg in SPOKEN_ARGUMENTS and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value


def is_element(function: ast.expr) -> bool:
    """`rx.el.p(…)`, `rx.fragment(…)` and their like, but no key of the keyboard."""
    name = ast.unparse(function) if isinstance(function, ast.Attribute) else ""
    return name.startswith(("rx.el.", "rx.fragment")) and name != "rx.el.kbd"  # keys are called the same everywhere


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_a_page_has_no_words_of_its_own(path: Path) -> None:
    said = [(line, text) for line, text in literals(ast.parse(path.read_text("utf-8"))) if not is_wordless(text)]
    assert said == []


def is_wordless(text: str) -> bool:
    return FIELDS_WITHOUT_WORDS.fullmatch(text) is not None or text == "1.2.3"


def test_the_search_for_words_finds_one() -> None:
    tree = ast.parse('rx.el.p("Hello", tr("a")); rx.el.input(placeholder="Name"); rx.el.span(" → ")')
    assert [text for _, text in literals(tree) if not is_wordless(text)] == ["Hello", "Name"]


def keys_used() -> set[str]:
    """Every key that is written out in a call of `tr` or `words`."""
    found: set[str] = set()
    for path in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tr", "words"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_every_word_that_a_page_asks_for_exists() -> None:
    used = keys_used()
    assert len(used) > 100
    assert used - set(catalogue("en")) == set()


def test_every_state_action_and_step_has_words() -> None:
    from portal.domain.plan import StepKind, Strategy
    from portal.domain.rollout import Action, PauseKind, State

    wanted = [
        *(f"state.{state}" for state in State),
        *(f"pause.{kind}" for kind in PauseKind),
        *(f"stride.{kind}" for kind in StepKind),
        *(f"strategy.{strategy}" for strategy in Strategy),
        *(f"{prefix}.{action}" for action in Action for prefix in ("action", "ask", "done")),
        *(f"audit.rollout.{action}" for action in Action),
    ]
    assert [key for key in wanted if key not in catalogue("en")] == []
