"""What a search in the documentation finds: a part of a page, with the place in it that fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.search import normal

BEFORE, AFTER = 60, 160
LEAST_STEM = 4
_ENDING = re.compile(r"(?:ings?|ed|es|e|s|ions?)$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of an excerpt. `is_match`: it is what was looked for."""

    text: str
    is_match: bool = False


@dataclass(frozen=True, slots=True)
class DocumentHit:
    """A part of a page. `path` leads to it in the language of `title`, `neutral_path` in that of the reader."""

    language: str
    page: str
    title: str
    page_title: str
    path: str
    neutral_path: str
    title_en: str
    title_zh: str
    page_en: str
    page_zh: str
    excerpt: tuple[Piece, ...] = ()


def excerpt(text: str, phrases: Sequence[Sequence[str]]) -> tuple[Piece, ...]:
    """The surroundings of the first place that fits, that place and its likes marked; else how the text begins."""
    pattern = _pattern(phrases)
    found = pattern.search(text)
    start = max(0, found.start() - BEFORE) if found else 0
    if start:
        start = text.find(" ", start, start + 20) + 1 or start
    end = min(len(text), start + BEFORE + AFTER)
    pieces = [Piece("…")] if start else []
    at = start
    for match in pattern.finditer(text, start, end):
        pieces += [Piece(text[at : match.start()]), Piece(match[0], is_match=True)]
        at = match.end()
    pieces.append(Piece(text[at:end] + ("…" if end < len(text) else "")))
    return tuple(piece for piece in pieces if piece.text)


def _pattern(phrases: Sequence[Sequence[str]]) -> re.Pattern[str]:
    """The words as they stand in a text; longer ones also with another ending, as the index has them by their stem."""
    forms: list[str] = []
    for phrase in phrases:
        forms.append(r"[\W_]*".join(re.escape(token) for token in phrase))
        stem = _ENDING.sub("", normal(phrase[-1]))
        if len(phrase) == 1 and len(stem) >= LEAST_STEM:
            forms.append(re.escape(stem) + r"\w*")
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)
