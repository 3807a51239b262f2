"""Formulas between dollar signs become MathML, which browsers show without a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

_FORMULA = re.compile(r"\$\$(?P<block>[^$]+)\$\$|\$(?P<inline>[^\s$](?:[^$]*[^\s$])?)\$(?!\d)")


def add_formulas(markdown: MarkdownIt) -> None:
    """`$…$` in a sentence, `$$…$$` on a line of its own."""
    markdown.inline.ruler.before("escape", "formula", _formula)
    markdown.add_render_rule("formula", _rendered)


def _formula(state: StateInline, silent: bool) -> bool:
    found = _FORMULA.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = found["block"] or found["inline"]
        token.markup = "block" if found["block"] else "inline"
    state.pos = found.end()
    return True


def _rendered(_: Any, tokens: list[Any], place: int, *__: Any) -> str:
    from latex2mathml.converter import convert

    return convert(tokens[place].content, display=tokens[place].markup)
