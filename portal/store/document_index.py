"""The index of words of the documents: a file that is made when they are rendered, and only read afterwards.

It is opened for each question, so that nothing of it stays in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from portal.domain.search import tokens

SLICE = 4000  # of a text, for `tokens` looks no further
_TITLE_WEIGHT, _TEXT_WEIGHT = 6.0, 1.0
_COLUMNS = "language, page, number, anchor, title_en, title_zh, page_en, page_zh, text"
_MAKE = (
    f"CREATE TABLE section (id INTEGER PRIMARY KEY, {_COLUMNS})",
    "CREATE VIRTUAL TABLE word USING fts5(head, body, content='', tokenize='porter unicode61', prefix='1 2 3')",
)
_FIND = (
    f"SELECT {_COLUMNS} FROM word JOIN section ON section.id = word.rowid WHERE word MATCH :wanted"  # noqa: S608
    f" AND (:language = '' OR language = :language) ORDER BY bm25(word, {_TITLE_WEIGHT}, {_TEXT_WEIGHT}), section.id"
    " LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class IndexedSection:
    """A part of a page in one language: where it is, what it and its page are called in both, and what it says."""

    language: str
    page: str
    number: int
    anchor: str
    title_en: str
    title_zh: str
    page_en: str
    page_zh: str
    text: str

    @property
    def title(self) -> str:
        return self.title_zh if self.language == "zh" else self.title_en


def write_index(file: Path, sections: Iterable[IndexedSection]) -> None:
    """A new index in the place of whatever is there."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in _MAKE:
            connection.execute(statement)
        for number, section in enumerate(sections, start=1):
            _add(connection, number, section)
        connection.execute("INSERT INTO word(word) VALUES ('optimize')")


def _add(connection: sqlite3.Connection, number: int, section: IndexedSection) -> None:
    values = [getattr(section, name) for name in _COLUMNS.split(", ")]
    marks = ", ".join("?" * (len(values) + 1))
    connection.execute(f"INSERT INTO section VALUES ({marks})", [number, *values])  # noqa: S608
    words = (section.title, section.text)
    split = [" ".join(_all_tokens(text)) for text in words]
    connection.execute("INSERT INTO word(rowid, head, body) VALUES (?, ?, ?)", [number, *split])


def _all_tokens(text: str) -> Iterable[str]:
    for start in range(0, len(text), SLICE):
        yield from tokens(text[start : start + SLICE])


def find_sections(
    file: Path, phrases: Sequence[Sequence[str]], *, language: str = "", limit: int = 12
) -> list[IndexedSection]:
    """The best first: those with all phrases, or with any of them if none has all. Empty if there is no index."""
    if not phrases or not file.is_file():
        return []
    parts = [f'"{" ".join(phrase)}"*' for phrase in phrases]
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        for joined in (" AND ", " OR "):
            given = {"wanted": joined.join(parts), "language": language, "limit": limit}
            found = [IndexedSection(*row) for row in connection.execute(_FIND, given)]
            if found:
                return found
    return []
