"""Markdown as HTML that needs no script and no style of its own: anchors, tables that scroll, coloured examples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from portal.web.reader.formulas import add_formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_LEFT_OUT = re.compile(
    r"^(?:<!--.*-->|\[(?:English|中文)\]\(\.\./\S+\))\n", re.MULTILINE
)  # the frame leads to the twin
_NOT_IN_ANCHORS = re.compile(r"[^\w -]")
_ALIGNED = re.compile(r"text-align:(left|center|right)")
_LEXERS = {"sh": "bash", "yaml": "yaml", "json": "json", "nginx": "nginx", "ini": "ini", "python": "python"}

Link = Callable[[str], str]


@dataclass(slots=True)
class Section:
    """A heading and the text up to the next one. `own` is the anchor that its words make, `anchor` the one it has."""

    level: int
    title: str
    own: str
    anchor: str = ""
    words: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page that has been read and not yet been written as HTML."""

    tokens: Sequence[Token]
    sections: Sequence[Section]

    @property
    def title(self) -> str:
        return self.sections[0].title


def parse(text: str) -> Parsed:
    """Every page begins with its title."""
    tokens = _markdown().parse(_LEFT_OUT.sub("", text))
    sections: list[Section] = []
    taken: Counter[str] = Counter()
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            title = plain(tokens[place + 1])
            sections.append(Section(int(token.tag[1]), title, _unique(title, taken)))
        elif token.type == "inline" and tokens[place - 1].type != "heading_open":
            sections[-1].words.append(plain(token))
        elif token.type == "fence":
            sections[-1].words.append(token.content)
    return Parsed(tokens, sections)


def share_anchors(original: Parsed, twin: Parsed) -> None:
    """Twins have the same anchors, those of the original, so that one can be pasted to a reader of the other."""
    is_alike = [s.level for s in original.sections] == [s.level for s in twin.sections]
    for number, section in enumerate(twin.sections):
        section.anchor = original.sections[number].own if is_alike else section.own
    for section in original.sections:
        section.anchor = section.own


def html_of(parsed: Parsed, link: Link) -> str:
    """The page from its title on. `link` turns the target of a link, as the page has it, into an address."""
    sections = iter(parsed.sections)
    for token in parsed.tokens:
        if token.type == "heading_open":
            token.attrSet("id", next(sections).anchor)
        for inner in [token, *(token.children or ())]:
            _settle(inner, link)
    markdown = _markdown()
    return str(markdown.renderer.render(list(parsed.tokens), markdown.options, {}))


def anchor_of(title: str) -> str:
    """As GitHub makes them, so that links lead to the same place there."""
    return _NOT_IN_ANCHORS.sub("", title.lower()).replace(" ", "-")


def plain(token: Token) -> str:
    """The words of a line, without marks."""
    return "".join(_words(token.children or ())).replace("<br>", " ")


def _words(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type == "image":
            yield from _words(token.children or ())
        else:
            yield token.content


def _unique(title: str, taken: Counter[str]) -> str:
    anchor = anchor_of(title)
    taken[anchor] += 1
    return anchor if taken[anchor] == 1 else f"{anchor}-{taken[anchor] - 1}"


def _settle(token: Token, link: Link) -> None:
    """Addresses instead of file names, and a class for what would be a style."""
    for name in ("href", "src"):
        target = token.attrGet(name)
        if target is not None:
            token.attrSet(name, link(str(target)))
    aligned = _ALIGNED.fullmatch(str(token.attrGet("style") or ""))
    if aligned:
        token.attrs = {"class": aligned[1]}


@cache
def _markdown() -> MarkdownIt:
    """HTML in the text is shown as text, whatever it is."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    add_formulas(markdown)
    for name, rule in _RULES.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _heading_close(_: Any, tokens: list[Any], place: int, *__: Any) -> str:
    """A link to itself, that is seen when the pointer is there."""
    anchor, tag = tokens[place - 2].attrGet("id"), tokens[place].tag
    link = f'<a class="anchor" href="#{escape(anchor)}" tabindex="-1" aria-hidden="true">#</a>' if tag != "h1" else ""
    return f"{link}</{tag}>\n"


def _fence(_: Any, tokens: list[Any], place: int, *__: Any) -> str:
    language = tokens[place].info.split()[0] if tokens[place].info.strip() else ""
    name = f' data-language="{escape(language)}"' if language else ""
    content = _coloured(tokens[place].content, language)
    return f'<div class="code"{name}><pre tabindex="0"><code>{content}</code></pre></div>\n'


def _coloured(text: str, language: str) -> str:
    if language not in _LEXERS:
        return escape(text, quote=False)
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    return highlight(text, get_lexer_by_name(_LEXERS[language], stripnl=False), HtmlFormatter[str](nowrap=True))


def _text(_: Any, tokens: list[Any], place: int, *__: Any) -> str:
    """Cells of the reference pages have line breaks; everything else of HTML stays text."""
    return escape(tokens[place].content, quote=False).replace("&lt;br&gt;", "<br>")


_RULES: dict[str, Callable[..., str]] = {
    "heading_close": _heading_close,
    "fence": _fence,
    "text": _text,
    "table_open": lambda *_: '<div class="scroll" tabindex="0"><table>\n',
    "table_close": lambda *_: "</table></div>\n",
}
