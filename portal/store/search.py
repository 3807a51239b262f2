"""The index of words of releases and rollouts, fed with the same tokens on both databases.

Rows are only ever added. What is new is indexed in slices by whoever comes next, so that nothing else has to care.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from portal.domain.environment import Stage
from portal.domain.search import tokens
from portal.i18n import LOCALES, catalogue
from portal.store.search_words import WordIndex, WordQuery, word_index
from portal.store.tables import ReleaseRow, RolloutRow, SearchEntryRow

LATE_COMERS = 1000  # transactions end in another order than their numbers were given out
LONGEST_TEXT, MOST_TOKENS = 2000, 400
INDEX_LOCK = 0x73656172
_ROWS: dict[str, type[ReleaseRow] | type[RolloutRow]] = {"release": ReleaseRow, "rollout": RolloutRow}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The phrases that must all be there. `is_open`: the last token of each may go on. None: in any environment."""

    kind: str
    phrases: Sequence[Sequence[str]]
    is_open: bool = True
    environments: frozenset[str] | None = None
    limit: int = 10


def missing(session: Session) -> int:
    """About how many rows are not in the index yet."""
    return sum(max(0, _newest(session, kind) - _indexed(session, kind)) for kind in _ROWS)


def catch_up(session: Session, *, limit: int) -> int:
    """Index what is not yet, the oldest first; how many that were. Callers follow each other."""
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INDEX_LOCK})
    index, done = word_index(session), 0
    for kind in _ROWS:
        for row in _not_indexed(session, kind, limit - done):
            _add(session, index, kind, row)
            done += 1
    return done


def newest(session: Session, wanted: Wanted) -> list[int]:
    """The numbers of those that have all phrases, the newest first."""
    places = None if wanted.environments is None else [_place(name) for name in sorted(wanted.environments)]
    if places == [] or not wanted.phrases:
        return []
    return word_index(session).newest(WordQuery(wanted.kind, wanted.phrases, wanted.is_open, places, wanted.limit))


def _newest(session: Session, kind: str) -> int:
    return session.exec(select(func.max(_ROWS[kind].id))).one() or 0


def _indexed(session: Session, kind: str) -> int:
    return session.exec(select(func.max(SearchEntryRow.number)).where(SearchEntryRow.kind == kind)).one() or 0


def _not_indexed(session: Session, kind: str, limit: int) -> Sequence[Any]:
    row: Any = _ROWS[kind]
    floor = _indexed(session, kind) - LATE_COMERS
    known = select(SearchEntryRow.number).where(SearchEntryRow.kind == kind, col(SearchEntryRow.number) > floor)
    new = select(row).where(row.id > floor, col(row.id).not_in(known)).order_by(row.id).limit(max(0, limit))
    return session.exec(new).all()


def _add(session: Session, index: WordIndex, kind: str, row: Any) -> None:
    entry = SearchEntryRow(kind=kind, number=row.id)
    session.add(entry)
    session.flush()
    assert entry.id is not None
    spoken = _of_release(row) if isinstance(row, ReleaseRow) else _of_rollout(row)
    place = "" if isinstance(row, ReleaseRow) else _place(row.environment)
    words = islice((token for part in spoken for token in tokens(part[:LONGEST_TEXT])), MOST_TOKENS)
    index.add(entry.id, list(words), kind=kind, place=place)


def _of_release(row: ReleaseRow) -> Iterable[str]:
    return (row.service, row.version, row.commit, row.created_by, row.notes)


def _of_rollout(row: RolloutRow) -> Iterable[str]:
    versions = (str(row.document.get(name, "")) for name in ("to_version", "from_version"))
    return (str(row.id), row.service, *names_of(row.environment), *versions, row.requested_by, row.reason)


def names_of(environment: str) -> tuple[str, ...]:
    """What it is called; a standard stage is known by its words in each language too."""
    key = f"stage.{environment}"
    is_standard = environment in tuple(Stage) and environment != Stage.CUSTOM
    return (environment, *(catalogue(locale)[key] for locale in LOCALES)) if is_standard else (environment,)


def _place(environment: str) -> str:
    """The environment as one token, whatever its name is made of."""
    return "e" + environment.encode().hex()
