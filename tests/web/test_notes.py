"""Release notes read as Markdown, and whatever stands in them stays text."""

from __future__ import annotations

import re
import time

import pytest

from portal.web.notes import LONGEST_SHORT, notes_html, short_notes_html


def test_notes_are_read_as_markdown() -> None:
    html = notes_html("# New\n\n- **fast**, ~~slow~~ `code`\n\nfirst\nsecond\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n")

    assert "<h3>New</h3>" in html
    assert "<li><strong>fast</strong>, <s>slow</s> <code>code</code></li>" in html
    assert "first<br />\nsecond" in html
    assert '<td class="right">2</td>' in html
    assert notes_html(" \n ") == ""


def test_headings_follow_that_of_the_card_without_a_gap() -> None:
    html = notes_html("### a\n\n##### b\n\n##### c\n\n## d\n\n# e\n\nf\n===\n")

    assert re.findall(r"<h(\d)>(\w)</h\1>", html) == [
        ("3", "a"), ("4", "b"), ("4", "c"), ("3", "d"), ("3", "e"), ("3", "f")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<div>\n<iframe src=//evil></iframe>\n</div>",
        "<!-- --><svg/onload=alert(1)>",
        "```\n</code></pre><script>alert(1)</script>\n```",
        '```"><script>alert(1)</script>\n```',
        "`<b onclick=alert(1)>`",
        '[a](https://a.test "x\\" onmouseover=\\"alert(1)")',
        '![" onerror="alert(1)](https://a.test/x.png)',
        "| <b onclick=alert(1)> |\n|---|\n| <i> |\n",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "[<script>alert(1)</script>](https://a.test)",
    ],
)
def test_html_in_notes_is_text(text: str) -> None:
    made = re.findall(r"<(/?[a-z][a-z0-9]*)((?:\s[^<>]*)?)>", notes_html(text))

    harmless = {"class", "href", "rel", "target", "title", "tabindex"}
    known = {"p", "pre", "code", "a", "span", "div", "table", "thead", "tbody", "tr", "th", "td", "br"}
    assert {name.strip("/") for name, _ in made} <= known
    for _, attributes in made:
        assert set(re.findall(r'([\w-]+)="[^"]*"', attributes)) <= harmless


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "java\tscript:alert(1)",
        "<java script:alert(1)>",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml;base64,AAAA",
        "file:///etc/passwd",
        "//evil.test/x",
        "\\\\evil.test",
        "relative/page",
        "#place",
    ],
)
def test_a_link_that_leads_to_no_page_is_text(target: str) -> None:
    assert "<a" not in notes_html(f"[here]({target})")
    assert "<a" not in notes_html(f"[here]\n\n[here]: {target}")
    assert "<a" not in notes_html(f"<{target}>")


def test_links_to_elsewhere_tell_nothing_of_who_followed_them() -> None:
    away = 'rel="noreferrer" target="_blank"'

    assert f'<a href="https://a.test/?b=1&amp;c" {away}>x</a>' in notes_html("[x](https://a.test/?b=1&c)")
    assert f'<a href="mailto:a@b.test" {away}>a@b.test</a>' in notes_html("<mailto:a@b.test>").replace(">mailto:", ">")
    assert '<a href="/rollouts/7">x</a>' in notes_html("[x](/rollouts/7)")


@pytest.mark.parametrize("source", ["https://t.test/p.png", "//t.test/p.png", "/p.png", "data:image/png;base64,AA"])
def test_no_image_is_fetched(source: str) -> None:
    html = notes_html(f"![the *plan*]({source})")

    assert "<img" not in html
    assert "the" in html
    assert "src=" not in html


def test_a_short_form_is_cut_and_says_so() -> None:
    html = short_notes_html("word " * 5000)

    assert html.endswith(" …</p>\n")
    assert len(html) < LONGEST_SHORT + 20


@pytest.mark.parametrize("piece", ["![", "[a](", "> ", "**a", "|a", "<", "`", "- "])
def test_the_longest_notes_do_not_hold_a_page_up(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    begun = time.thread_time()
    notes_html(text)

    assert time.thread_time() - begun < 15
