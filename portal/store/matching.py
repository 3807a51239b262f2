"""Conditions on text that both databases answer quickly: a part of a column, in capitals or not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col

MOST_WORDS, LONGEST_WORD = 8, 100
_ESCAPE = "\\"


def words_of(text: str) -> tuple[str, ...]:
    """The words that are looked for: eight at most, each cut at a hundred characters."""
    return tuple(word[:LONGEST_WORD] for word in text.split()[:MOST_WORDS])


def contains(session: Session, column: Any, word: str) -> ColumnElement[bool]:
    """Whether the column has the word in it. SQLite's own LIKE ignores the case of ASCII letters without `lower`, which
    would make it four times slower."""
    pattern = f"%{escaped(word)}%"
    is_sqlite = session.connection().dialect.name == "sqlite"
    return col(column).like(pattern, escape=_ESCAPE) if is_sqlite else col(column).ilike(pattern, escape=_ESCAPE)


def escaped(text: str) -> str:
    """The text as LIKE takes it word for word."""
    return text.replace(_ESCAPE, _ESCAPE * 2).replace("%", _ESCAPE + "%").replace("_", _ESCAPE + "_")
