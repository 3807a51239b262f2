"""Release notes as HTML: Markdown that anybody who may register a release wrote, so nothing in it is trusted.

HTML in the text is shown as text; links lead to pages of this portal, to http, https or mailto; no image is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LONGEST_SHORT = 2_000
_KEPT = 32
_OPEN_TO = re.compile(r"(?:https?://|mailto:)[^\s\\]+|/(?![/\\])[^\s\\]*", re.IGNORECASE)
_CARD_LEVEL = 2  # of the title of the card that the notes are in
_ALIGNED = re.compile(r"text-align:(center|right)")


def notes_html(text: str) -> str:
    """Empty for blank notes. The longest that a release may have take about a second."""
    markdown = _markdown()
    tokens = markdown.parse(text.strip())
    _settle(tokens)
    return str(markdown.renderer.render(tokens, markdown.options, {}))


@lru_cache(_KEPT)
def short_notes_html(text: str) -> str:
    """The beginning, with an ellipsis where it is cut: for pages that are made again and again."""
    return notes_html(text if len(text) <= LONGEST_SHORT else text[:LONGEST_SHORT].rstrip() + " …")


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # not before somebody looks at notes

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    markdown.validateLink = lambda url: _OPEN_TO.fullmatch(url) is not None
    for name, rule in _RULES.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _settle(tokens: Iterable[Token]) -> None:
    """Headings follow that of the card without a gap, and a class stands for what would be a style."""
    levels: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            own = int(token.tag[1])
            levels = [level for level in levels if level < own] + [own]
        if token.type.startswith("heading_"):
            token.tag = f"h{min(6, len(levels) + _CARD_LEVEL)}"
        aligned = _ALIGNED.fullmatch(str(token.attrGet("style") or ""))
        if "style" in token.attrs:
            token.attrs = {"class": aligned[1]} if aligned else {}


def _link(renderer: Any, tokens: list[Any], place: int, options: Any, env: Any) -> str:
    token = tokens[place]
    if not str(token.attrGet("href")).startswith("/"):
        token.attrSet("rel", "noreferrer")
        token.attrSet("target", "_blank")
    return str(renderer.renderToken(tokens, place, options, env))


def _image(renderer: Any, tokens: list[Any], place: int, options: Any, env: Any) -> str:
    """Its words; fetching it would tell a stranger who reads the notes."""
    from markdown_it.common.utils import escapeHtml

    words = renderer.renderInlineAsText(tokens[place].children or [], options, env)
    return f'<span class="image">{escapeHtml(words)}</span>'


_RULES: dict[str, Callable[..., str]] = {
    "link_open": _link,
    "image": _image,
    "table_open": lambda *_: '<div class="scroll" tabindex="0"><table>\n',
    "table_close": lambda *_: "</table></div>\n",
}
