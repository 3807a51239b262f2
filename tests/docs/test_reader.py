"""The documentation as it is read in the portal: rendered from the Markdown, linked, found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from portal.domain.document import excerpt
from portal.domain.search import phrases
from portal.services.documents import Documents
from portal.web.navigation import explanation, nouns
from portal.web.reader import book, markdown
from portal.web.reader.build import are_documents_current, ensure_documents
from portal.web.reader.layout import Sheet, html_page
from tests.docs.pages import ROOT

pytestmark = pytest.mark.req("REQ-P3-013")


class Read(HTMLParser):
    """What is in a page that matters here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.unwanted: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[name] for name in ("href", "src", "action") if name in given]
        self.unwanted += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.unwanted.append(tag)


@pytest.fixture(scope="session")
def rendered() -> Path:
    ensure_documents(ROOT)
    return ROOT / ".web" / "build" / "docs"


def pages(folder: Path) -> Iterator[tuple[str, Read]]:
    for file in sorted(folder.glob("*/*.html")):
        yield f"/docs/{file.parent.name}/{file.stem}".removesuffix("/index"), Read(file.read_text("utf-8"))


def test_every_link_of_a_rendered_page_leads_to_a_page_and_a_place_in_it(rendered: Path):
    read = dict(pages(rendered))
    wrong: list[str] = []
    for place, page in read.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            if target.startswith("/docs/images/"):
                wrong += [] if (rendered / target.removeprefix("/docs/")).is_file() else [f"{place}: {link}"]
            elif target.startswith("/docs/") and target != "/docs/feedback":
                wrong += [] if target in read and (not anchor or anchor in read[target].ids) else [f"{place}: {link}"]
            elif not target:
                wrong += [] if anchor in page.ids else [f"{place}: {link}"]
    assert wrong == []
    assert len(read) > 40


def test_pages_hold_no_script_and_no_style_that_the_policy_would_forbid(rendered: Path):
    assert [(place, page.unwanted) for place, page in pages(rendered) if page.unwanted] == []


def test_anchors_of_a_page_are_there_once_and_the_same_in_both_languages(rendered: Path):
    read = dict(pages(rendered))
    assert [place for place, page in read.items() if len(set(page.ids)) != len(page.ids)] == []
    english = [place for place in read if place.startswith("/docs/en")]
    assert [place for place in english if read[place].ids != read[place.replace("/en", "/zh", 1)].ids] == []


def test_every_page_is_reached_from_the_navigation():
    for language, read in book.books(ROOT).items():
        named = [entry.page for entry in read.order]
        assert sorted(named) == sorted(set(named)), f"{language}: a page is named twice"
        assert read.pages.keys() - {*named} == {"index"}


@pytest.mark.parametrize("noun", [*(noun.name for noun in nouns()), "profile", "anything else"])
def test_every_page_of_the_portal_leads_to_what_is_said_about_it(rendered: Path, noun: str):
    target, _, anchor = explanation(noun).partition("#")
    page = Read((rendered / "zh" / f"{target.removeprefix('/docs/')}.html").read_text("utf-8"))
    assert not anchor or anchor in page.ids


def test_formulas_need_no_script(rendered: Path):
    assert "math" in Read((rendered / "en" / "verdict.html").read_text("utf-8")).tags


def test_html_in_a_document_is_text():
    parsed = markdown.parse(
        "# Title\n\n<script>alert(1)</script> <img src=x onerror=alert(1)> a<br>b\n\n[x](javascript:y)\n"
    )
    markdown.share_anchors(parsed, parsed)
    read = Read(markdown.html_of(parsed, lambda target: target))
    assert read.tags == {"h1", "p", "br"}
    assert read.unwanted == []


def test_a_heading_that_comes_twice_has_two_anchors():
    parsed = markdown.parse("# One\n\n## Two words\n\n## Two words\n")
    assert [section.own for section in parsed.sections] == ["one", "two-words", "two-words-1"]


def test_twins_that_were_changed_together_agree_and_one_that_was_left_behind_is_stale():
    before = {"en": {"a": "1", "b": "1"}, "zh": {"a": "一", "b": "一"}}
    known = book.agreed(before, {})
    after = {"en": {"a": "2", "b": "2"}, "zh": {"a": "二", "b": "一"}}
    assert book.stale(after, known) == {"en": frozenset(), "zh": {"b"}}
    recorded = book.agreed(after, known)
    assert book.stale(after, recorded) == {"en": frozenset(), "zh": {"b"}}
    assert book.stale(after, book.agreed(after, recorded, pages=["b"])) == {"en": frozenset(), "zh": frozenset()}


def test_a_page_that_was_left_behind_says_so_and_leads_to_its_twin():
    parts = book.parts_of("# Index\n\n## Part\n\n- [Page](page.md)\n")
    stale = book.Book("zh", {"page": "# 页"}, parts, frozenset({"page"}))
    shown = html_page(Sheet(stale, "page", "页", "<h1>页</h1>"))
    assert re.search(r'class="stale".*href="/docs/en/page"', shown)
    fresh = book.Book("zh", {"page": "# 页"}, parts, frozenset())
    assert 'class="stale"' not in html_page(Sheet(fresh, "page", "页", "<h1>页</h1>"))


def test_documents_are_rendered_again_when_one_has_changed(tmp_path: Path):
    for language, title in (("en", "Index"), ("zh", "索引")):
        folder = tmp_path / "docs" / language
        folder.mkdir(parents=True)
        (folder / "index.md").write_text(f"# {title}\n\n## Part\n\n- [Page](page.md#place)\n")
        (folder / "page.md").write_text("# Page\n\n## Place\n\nText.\n")
    assert ensure_documents(tmp_path)
    assert not ensure_documents(tmp_path)
    (tmp_path / "docs" / "en" / "page.md").write_text("# Page\n\n## Other\n")
    assert not are_documents_current(tmp_path)
    with pytest.raises(ValueError, match="leads nowhere"):
        ensure_documents(tmp_path)


@pytest.mark.parametrize(
    ("language", "text", "page"),
    [
        ("en", "rolling back", "first-rollout"),
        ("en", "freeze window", "environments"),
        ("en", "PORTAL_PUBLIC_URL", "settings"),
        ("zh", "回滚", "first-rollout"),
        ("zh", "冻结窗口", "environments"),
        ("zh", "备份", "operations"),
        ("zh", "份", "operations"),
    ],
)
def test_words_of_either_language_find_their_page(rendered: Path, language: str, text: str, page: str):
    hits = Documents(rendered / "search.db").hits(text, language=language)
    assert page in [hit.page for hit in hits[:6]]
    assert {hit.language for hit in hits} == {language}


def test_a_question_in_many_words_finds_something_and_nonsense_nothing(rendered: Path):
    documents = Documents(rendered / "search.db")
    assert documents.hits("how do I restore the backup of yesterday", language="en")
    assert documents.hits("qqxyzzy") == ()
    assert documents.hits('"*^) OR NEAR(') is not None
    assert documents.hits("") == ()


def test_a_part_that_is_found_in_both_languages_comes_once_with_both_names(rendered: Path):
    hits = Documents(rendered / "search.db").hits("HAProxy")
    places = [(hit.page, hit.neutral_path) for hit in hits]
    assert len(places) == len(set(places))
    assert all(hit.title_en and hit.title_zh for hit in hits)


def test_an_excerpt_marks_what_was_looked_for():
    pieces = excerpt("Before. " * 30 + "It was restored at noon. " + "After. " * 30, phrases("restoring"))
    assert [piece.text for piece in pieces if piece.is_match] == ["restored"]
    assert pieces[0].text == "…"
    assert sum(len(piece.text) for piece in pieces) < 240
    assert [piece.text for piece in excerpt("短文", phrases("没有"))] == ["短文"]
