"""The documents say what is so: both languages alike, links that lead somewhere, tables and names as in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.domain.plan_text import plan_schema
from portal.domain.rollout import State
from portal.i18n import catalogue
from tests.docs.pages import (
    GENERATED,
    ROOT,
    documents,
    fences,
    headings,
    lines_of_tables,
    links,
    permission_table,
    text_of,
    twins,
    without_fences,
)

HAN = "[\u4e00-\u9fff]"
NAMED = re.compile(r"`((?:portal|tests)/[\w/]+\.py):([\w.]+)`")
PATHS = re.compile(r"`((?:portal|tests|docs|bin|alembic|assets)/[\w./-]*\w/?)`")


def report(breaches: list[str]) -> None:
    if breaches:
        pytest.fail("\n" + "\n".join(sorted(set(breaches))), pytrace=False)


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


PAIRS = [pytest.param(*pair, id=pair[0].name) for pair in twins()]


@pytest.mark.req("REQ-P3-013")
@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_a_page_has_the_same_parts_in_both_languages(english: Path, chinese: Path):
    assert chinese.exists(), f"{place(chinese)} is missing"
    assert headings(english) == headings(chinese)
    assert lines_of_tables(english) == lines_of_tables(chinese)
    assert len(links(english)) == len(links(chinese))


def in_one_language(path: Path) -> list[tuple[str, str]]:
    """Examples without what people say in them."""
    return [
        (f.language, re.sub(r'"[^"]*"|#.*', '"…"', f.text)) for f in fences(path) if f.language not in ("", "mermaid")
    ]


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_examples_are_the_same_in_both_languages(english: Path, chinese: Path):
    assert in_one_language(english) == in_one_language(chinese)


def test_no_page_is_in_one_language_only():
    english = {path.name for path in (ROOT / "docs" / "en").glob("*.md")}
    chinese = {path.name for path in (ROOT / "docs" / "zh").glob("*.md")}
    assert english ^ chinese == set()


def anchors(path: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", without_fences(path), re.MULTILINE)
    return {re.sub(r"[^\w\u4e00-\u9fff -]", "", text.lower()).replace(" ", "-") for text in found}


def leads_nowhere(document: Path, link: str) -> bool:
    target, _, anchor = link.partition("#")
    path = (document.parent / target).resolve() if target else document
    if path.name in GENERATED or path.parent.name == "images":
        return False
    return not path.exists() or bool(anchor and anchor not in anchors(path))


@pytest.mark.parametrize("document", documents(), ids=place)
def test_every_link_leads_somewhere(document: Path):
    inner = [link for link in links(document) if not link.startswith("https://")]
    report([f"{place(document)}: {link} leads nowhere" for link in inner if leads_nowhere(document, link)])


@pytest.mark.parametrize("document", documents(), ids=place)
def test_every_name_of_the_code_that_is_told_is_there(document: Path):
    report(
        [
            f"{place(document)}: there is no {file}:{name}"
            for file, name in NAMED.findall(text_of(document))
            if not is_there(file, name)
        ]
    )
    report(
        [
            f"{place(document)}: there is no {path}"
            for path in PATHS.findall(text_of(document))
            if not (ROOT / path).exists()
        ]
    )


def is_there(file: str, name: str) -> bool:
    path = ROOT / file
    return path.is_file() and name in set(defined(ast.parse(text_of(path)), ""))


def defined(parent: ast.AST, before: str) -> Iterator[str]:
    """`function`, `Class` and `Class.method` of a module."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield before + node.name
            yield from defined(node, f"{before}{node.name}.")


def test_no_document_is_forgotten_in_the_index():
    for locale in ("en", "zh"):
        folder = ROOT / "docs" / locale
        named = set(links(folder / "index.md"))
        assert {path.name for path in folder.glob("*.md")} - named == {"index.md"}


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_table_of_permissions_is_that_of_the_code(locale: str):
    assert permission_table(locale) in text_of(ROOT / "docs" / locale / "roles.md"), permission_table(locale)


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_state_is_explained(locale: str):
    text = text_of(ROOT / "docs" / locale / "states.md")
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == sorted(State)


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_field_of_a_plan_is_explained(locale: str):
    text = text_of(ROOT / "docs" / locale / "plans.md")
    properties = plan_schema()["properties"]
    assert isinstance(properties, dict)
    inner = properties["analysis"]["anyOf"][0]["properties"], properties["steps"]["items"]["properties"]
    names = {*properties, *(name for fields in inner for name in fields)}
    assert {name for name in names if f"| `{name}` |" not in text} == set()


@pytest.mark.parametrize(
    "document", [p for p in documents() if p.name.endswith(".zh.md") or "/zh/" in str(p)], ids=place
)
def test_chinese_is_set_as_chinese(document: Path):
    text = re.sub(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|<!--.*?-->", "", without_fences(document))
    wrong = re.compile(rf"{HAN}[,;:?!()]|[,;?!]{HAN}|{HAN}[A-Za-z0-9]|[A-Za-z0-9%]{HAN}")
    report(
        [
            f"{place(document)}: …{line[max(0, m.start() - 10) : m.end() + 10]}…"
            for line in text.splitlines()
            if (m := wrong.search(line))
        ]
    )


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_troubleshooting_begins_with_the_words_of_the_pages(locale: str):
    """What a person reads on the page is what a person searches for here."""
    text = text_of(ROOT / "docs" / locale / "troubleshooting.md")
    shown = catalogue(locale)["cause.verdict_failed"].split("{")[0].strip(" :：").lower()
    assert shown.removesuffix(":") in text.lower()
