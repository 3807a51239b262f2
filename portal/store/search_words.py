"""Full text search as each database has it. Both are given tokens and keep no text of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import text
from sqlmodel import Session

TABLE = "search_words"  # made by a migration, for it is of another kind in each database


@dataclass(frozen=True, slots=True)
class WordQuery:
    """All phrases must be there; if `is_open`, the last token of each may go on. `places` None: anywhere."""

    kind: str
    phrases: Sequence[Sequence[str]]
    is_open: bool
    places: Sequence[str] | None
    limit: int


class WordIndex(Protocol):
    def add(self, entry: int, words: Sequence[str], *, kind: str, place: str) -> None: ...

    def newest(self, query: WordQuery) -> list[int]: ...


def word_index(session: Session) -> WordIndex:
    return _Sqlite(session) if session.connection().dialect.name == "sqlite" else _Postgresql(session)


class _Sqlite:
    """FTS5 without content: it gives row numbers in descending order by itself."""

    _ADD = text(f"INSERT INTO {TABLE}(rowid, kind, place, words) VALUES (:entry, :kind, :place, :words)")  # noqa: S608
    _FIND = text(
        f"SELECT number FROM (SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :wanted ORDER BY rowid DESC LIMIT :limit)"  # noqa: S608
        " AS found JOIN search_entry ON search_entry.id = found.rowid ORDER BY found.rowid DESC"
    )

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()

    def add(self, entry: int, words: Sequence[str], *, kind: str, place: str) -> None:
        given = {"entry": entry, "kind": kind, "place": place, "words": " ".join(words)}
        self._connection.execute(self._ADD, given)

    def newest(self, query: WordQuery) -> list[int]:
        end = "*" if query.is_open else ""
        parts = [f"kind:{query.kind}", *(f'words:"{" ".join(phrase)}"{end}' for phrase in query.phrases)]
        if query.places is not None:
            parts.append(f"place:({' OR '.join(query.places)})")
        found = self._connection.execute(self._FIND, {"wanted": " AND ".join(parts), "limit": query.limit})
        return [row[0] for row in found]


class _Postgresql:
    """A tsvector with positions under a GIN index; kind and place are lexemes that no text can have."""

    _ADD = text(f"INSERT INTO {TABLE}(entry_id, words) VALUES (:entry, CAST(:words AS tsvector))")  # noqa: S608
    _FIND = text(
        f"SELECT number FROM {TABLE} JOIN search_entry ON id = entry_id"  # noqa: S608
        " WHERE words @@ CAST(:wanted AS tsquery) ORDER BY entry_id DESC LIMIT :limit"
    )

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()

    def add(self, entry: int, words: Sequence[str], *, kind: str, place: str) -> None:
        lexemes = [f"'kind/{kind}'", f"'place/{place}'"]
        lexemes += [f"'{word}':{position}" for position, word in enumerate(words, start=1)]
        self._connection.execute(self._ADD, {"entry": entry, "words": " ".join(lexemes)})

    def newest(self, query: WordQuery) -> list[int]:
        end = ":*" if query.is_open else ""
        parts = [_lexemes([f"kind/{query.kind}"], ""), *(_lexemes(phrase, " <-> ", end) for phrase in query.phrases)]
        if query.places is not None:
            parts.append(_lexemes([f"place/{place}" for place in query.places], " | "))
        found = self._connection.execute(self._FIND, {"wanted": " & ".join(parts), "limit": query.limit})
        return [row[0] for row in found]


def _lexemes(words: Sequence[str], joined: str, end: str = "") -> str:
    """Quoted and joined, in brackets. Tokens are letters and digits alone, so that nothing has to be escaped."""
    quoted = [f"'{word}'" for word in words]
    return f"({joined.join(quoted)}{end})"
