"""The frame around a page of the documents: bar, navigation, table of contents, what comes next, and the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from portal import __version__
from portal.domain.feedback import LONGEST_TEXT
from portal.i18n import t
from portal.web.reader.book import INDEX, OTHER, Book, Entry
from portal.web.reader.icons import icon
from portal.web.reader.markdown import Section

ROOT = "/docs"
LONGEST_CONTENTS = 40
LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
_TAGS = {"en": "en", "zh": "zh-CN"}
_STYLES = ("tokens", "base", "reader")
_OUTCOMES = ("thanks", "feedback-wait", "feedback-failed")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is shown of a page. `name` is empty for a page that no document stands behind."""

    book: Book
    name: str
    title: str
    body: str
    sections: Sequence[Section] = ()

    @property
    def language(self) -> str:
        return self.book.language

    def say(self, key: str, /, **params: object) -> str:
        return escape(t(self.language, f"reader.{key}", **params))


def address(language: str, page: str) -> str:
    return f"{ROOT}/{language}" if page == INDEX else f"{ROOT}/{language}/{page}"


def html_page(sheet: Sheet) -> str:
    """The whole document. It holds no script and no style, so that the policy may forbid both."""
    say = sheet.say
    return f"""<!doctype html>
<html lang="{_TAGS[sheet.language]}" data-language="{sheet.language}" data-ready>
{_head(sheet)}
<body class="reader">
<a class="skip" href="#reader-content">{say("skip")}</a>
{_bar(sheet)}
<div class="reader-columns">
<nav class="reader-side" id="reader-side" aria-label="{say("pages")}">{_navigation(sheet)}</nav>
<main id="reader-content" tabindex="-1">
<article>
{_warning(sheet)}{sheet.body}
</article>
{_next_pages(sheet)}{_question(sheet)}
<footer class="small">{say("version", version=__version__)}</footer>
</main>
{_contents(sheet)}
</div>
{_search(sheet)}
</body>
</html>
"""


def _head(sheet: Sheet) -> str:
    styles = "".join(f'<link rel="stylesheet" href="/styles/{name}.css">' for name in _STYLES)
    twins = "".join(
        f'<link rel="alternate" hreflang="{_TAGS[language]}" href="{address(language, sheet.name)}">'
        for language in OTHER
        if sheet.name
    )
    return (
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(sheet.title)} · {sheet.say('title')}</title>{twins}"
        f'<link rel="icon" href="/portal/mark.svg" type="image/svg+xml">{styles}'
        '<script src="/portal/reader_theme.js"></script><script src="/portal/reader.js" defer></script></head>'
    )


def _bar(sheet: Sheet) -> str:
    say, other = sheet.say, OTHER[sheet.language]
    themes = "".join(
        f'<span data-theme-choice="{choice}" title="{escape(t(sheet.language, f"theme.{choice}"))}">{icon(name)}</span>'
        for choice, name in (("system", "monitor"), ("light", "sun"), ("dark", "moon"))
    )
    return (
        f'<header class="reader-bar"><button type="button" class="tool menu" id="reader-drawer" '
        f'aria-controls="reader-side" aria-expanded="false" aria-label="{say("pages")}">{icon("menu")}</button>'
        f'<a class="brand" href="{address(sheet.language, INDEX)}"><img src="/portal/mark.svg" alt="" width="22" '
        f'height="22"><span>{say("brand")}</span></a>'
        f'<button type="button" class="find" id="reader-find" aria-label="{say("search")}">{icon("search")}'
        f"<span>{say('search')}</span><kbd>/</kbd></button>"
        f'<a class="tool" id="reader-language" hreflang="{_TAGS[other]}" lang="{_TAGS[other]}" data-language="{other}" '
        f'href="{address(other, sheet.name or INDEX)}">{LANGUAGE_NAMES[other]}</a>'
        f'<button type="button" class="tool" id="reader-theme" aria-label="{say("theme")}">{themes}</button>'
        f'<a class="tool portal-link" href="/">{say("portal")}</a></header>'
    )


def _navigation(sheet: Sheet) -> str:
    start = _entry(sheet, Entry(INDEX, t(sheet.language, "reader.overview")))
    parts = "".join(
        f"<h2>{escape(part.title)}</h2><ul>{''.join(_entry(sheet, entry) for entry in part.entries)}</ul>"
        for part in sheet.book.parts
    )
    return f"<ul>{start}</ul>{parts}"


def _entry(sheet: Sheet, entry: Entry) -> str:
    current = ' aria-current="page"' if entry.page == sheet.name else ""
    return f'<li><a href="{address(sheet.language, entry.page)}"{current}>{escape(entry.label)}</a></li>'


def _contents(sheet: Sheet) -> str:
    deepest = 3 if len(sheet.sections) <= LONGEST_CONTENTS else 2
    inner = [section for section in sheet.sections[1:] if 1 < section.level <= deepest]
    if len(inner) < 2:
        return '<aside class="reader-contents"></aside>'
    lines = "".join(
        f'<li class="level-{section.level}"><a href="#{escape(section.anchor)}">{escape(section.title)}</a></li>'
        for section in inner
    )
    label = sheet.say("contents")
    return f'<aside class="reader-contents"><nav aria-label="{label}"><h2>{label}</h2><ul>{lines}</ul></nav></aside>'


def _warning(sheet: Sheet) -> str:
    """The badge of a page whose twin has been changed since."""
    if sheet.name not in sheet.book.stale:
        return ""
    other = OTHER[sheet.language]
    link = f'<a class="link" href="{address(other, sheet.name)}" lang="{_TAGS[other]}">{LANGUAGE_NAMES[other]}</a>'
    return f'<p class="stale" role="note">{icon("triangle-alert")}<span>{sheet.say("stale")} {link}</span></p>\n'


def _next_pages(sheet: Sheet) -> str:
    order = [Entry(INDEX, t(sheet.language, "reader.overview")), *sheet.book.order]
    names = [entry.page for entry in order]
    if sheet.name not in names:
        return ""
    here = names.index(sheet.name)
    before = _turn(sheet, order[here - 1], "previous", "arrow-left") if here > 0 else "<span></span>"
    after = _turn(sheet, order[here + 1], "next", "arrow-right") if here + 1 < len(order) else "<span></span>"
    return f'<nav class="turns" aria-label="{sheet.say("turns")}">{before}{after}</nav>\n'


def _turn(sheet: Sheet, entry: Entry, way: str, icon_name: str) -> str:
    words = f"<span><small>{sheet.say(way)}</small>{escape(entry.label)}</span>"
    shown = icon(icon_name) + words if way == "previous" else words + icon(icon_name)
    return f'<a class="{way}" rel="{way[:4]}" href="{address(sheet.language, entry.page)}">{shown}</a>'


def _question(sheet: Sheet) -> str:
    """Whether the page helped: a plain form, which works without a script."""
    if not sheet.name:
        return ""
    say = sheet.say
    outcomes = "".join(
        f'<p class="outcome" id="reader-{name}" role="status">{say(name.replace("-", "_"))}</p>' for name in _OUTCOMES
    )
    answers = "".join(
        f'<label class="answer"><input type="radio" name="helpful" value="{value}" required>'
        f"<span>{say(value)}</span></label>"
        for value in ("yes", "no")
    )
    return (
        f'<form class="question" id="reader-question" method="post" action="{ROOT}/feedback">'
        f'<input type="hidden" name="page" value="{escape(sheet.name)}">'
        f'<input type="hidden" name="language" value="{sheet.language}">'
        f"<fieldset><legend>{say('question')}</legend>{answers}</fieldset>"
        f'<div class="more"><label for="reader-text">{say("question_more")}</label>'
        f'<textarea id="reader-text" name="text" rows="3" maxlength="{LONGEST_TEXT}"></textarea>'
        f'<button type="submit" class="button">{say("send")}</button></div></form>{outcomes}'
    )


def _search(sheet: Sheet) -> str:
    say = sheet.say
    words = "".join(
        f' data-{name}="{say(key)}"'
        for name, key in (("nothing", "nothing"), ("copy", "copy"), ("copied", "copied"), ("failed", "search_failed"))
    )
    field = (
        '<input id="reader-search-text" type="search" maxlength="100" autocomplete="off" spellcheck="false" '
        'role="combobox" aria-expanded="false" aria-controls="reader-search-rows" aria-autocomplete="list" '
        f'aria-label="{say("search")}" placeholder="{say("search_hint")}">'
    )
    close = f'<button type="button" id="reader-search-close" aria-label="{say("close")}"><kbd>Esc</kbd></button>'
    return (
        f'<dialog id="reader-search" aria-label="{say("search")}"{words}>'
        f'<div class="search-field">{icon("search")}{field}{close}</div>'
        f'<ul id="reader-search-rows" role="listbox" aria-label="{say("found")}"></ul>'
        '<p id="reader-search-told" role="status"></p></dialog>'
    )
