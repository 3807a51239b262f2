"""No page says a word that is not in the catalogue of both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.i18n import catalogue

WEB = Path(__file__).resolve().parents[2] / "portal" / "web"
ASSETS = WEB.parents[1] / "assets" / "portal"
SPOKEN_ARGUMENTS = {"placeholder", "aria_label", "title", "alt", "label", "empty_text", "hint", "note", "unit", "text"}
# What is given to these is a name for programs: of an icon, a key, a file, an attribute.
UNSPOKEN_CALLS = {"tr", "say", "words", "icon", "getattr", "_part", "contains", "call_script", "kbd", "code", "split"}
UNSPOKEN_CALLS |= {"TypeVar", "compile", "RuntimeError"}
UNSPOKEN_ARGUMENTS = {"class_name", "custom_attrs", "key"}
WORDY = re.compile(r"[A-Z][a-z]+|[A-Za-z]{2,} [A-Za-z]|[\u4e00-\u9fff]")
EXAMPLES = {"1.2.3", "asPath"}  # the second is a key of Reflex, nothing that is shown
TEXT_OF_MARKUP = re.compile(r"<(?!kbd)[a-z]\w*(?:\s[^<>]*)?>\s*([^<>{}\s][^<>{}]*)<")
ATTRIBUTE_OF_MARKUP = re.compile(r"(?:aria-label|placeholder|title|alt)=\"([^\"]+)\"")


def sources() -> list[Path]:
    """All of them but the one that builds the pages, which speaks to whoever started it in a terminal."""
    return sorted(path for path in WEB.rglob("*.py") if path.name != "build.py")


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def literals(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts that are handed to a call as they are: alone, inside a condition or an f-string, or as what is read out."""
    if isinstance(node, ast.Call):
        if name_of(node.func) not in UNSPOKEN_CALLS:
            for given in node.args:
                yield from texts(given)
            for keyword in node.keywords:
                if keyword.arg in SPOKEN_ARGUMENTS:
                    yield from texts(keyword.value)
        else:
            return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.keyword) and child.arg in UNSPOKEN_ARGUMENTS):
            yield from literals(child)


def texts(node: ast.expr) -> Iterator[tuple[int, str]]:
    """The literal, both sides of a conditional expression, the fixed parts of an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield from (found for value in node.values for found in texts(value))


def is_wordless(text: str) -> bool:
    return text in EXAMPLES or WORDY.search(text) is None


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(WEB)))
def test_a_page_has_no_words_of_its_own(path: Path) -> None:
    said = {(line, text) for line, text in literals(ast.parse(path.read_text("utf-8"))) if not is_wordless(text)}
    assert said == set()


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.jsx")), ids=lambda path: path.name)
def test_a_part_of_the_browser_has_no_words_of_its_own(path: Path) -> None:
    text = path.read_text("utf-8")
    said = [*TEXT_OF_MARKUP.findall(text), *ATTRIBUTE_OF_MARKUP.findall(text)]
    assert [found for found in said if re.search(r"[A-Za-z\u4e00-\u9fff]{2,}", found)] == []


def test_the_search_for_words_finds_them() -> None:
    tree = ast.parse(
        'card("Hello", tr("a"), link(f"See {x}", href="/Some where"));'
        'rx.el.input(placeholder="Name"); rx.cond(x, "Go on", "icon"); Words("Yes", "是"); rx.el.kbd("Ctrl K")'
    )
    found = [text for _, text in literals(tree) if not is_wordless(text)]
    assert found == ["Hello", "See ", "Name", "Go on", "Yes", "是"]
    assert TEXT_OF_MARKUP.findall("<p className='x'>Hello</p><kbd>Esc</kbd><b>{name}</b>") == ["Hello"]


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
