"""Entries of the audit trail by what they say: filtered, ordered, a page at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, or_, text
from sqlmodel import Session, col, select

from portal.domain.audit import AuditEntry, AuditQuery
from portal.domain.page import Page, bounded
from portal.store.audit import entry_of
from portal.store.matching import contains, words_of
from portal.store.tables import AuditRow

MOST_NAMES = 200
_COLUMN = {"actor": AuditRow.actor, "action": AuditRow.action, "target": AuditRow.target}
# One step in the index for each name, instead of reading every entry for its name.
_NAMES = text("""
    WITH RECURSIVE found(name) AS (
        SELECT min(actor) FROM audit
        UNION ALL
        SELECT (SELECT min(actor) FROM audit WHERE actor > found.name) FROM found WHERE found.name IS NOT NULL
    ) SELECT name FROM found WHERE name IS NOT NULL LIMIT :limit
""")


def page(session: Session, query: AuditQuery, environments: frozenset[str] | None) -> Page[AuditEntry]:
    """In the order of the query; only entries of these environments, or of all and of none if None."""
    offset, limit = bounded(query.offset, query.limit)
    fits = conditions(session, query, environments)
    total = session.exec(select(func.count()).select_from(AuditRow).where(*fits)).one()
    wanted = select(AuditRow).where(*fits).order_by(*_ordered(query.sort)).offset(offset).limit(limit)
    return Page(tuple(entry_of(row) for row in session.exec(wanted)), total, offset, limit)


def conditions(session: Session, query: AuditQuery, environments: frozenset[str] | None) -> list[ColumnElement[bool]]:
    """What an entry must fulfil to be one of those that are wanted and may be seen."""
    found = [*_exactly(query), *_between(query)]
    if query.action:  # `rollout` also finds `rollout.started`
        prefix = col(AuditRow.action).startswith(query.action + ".", autoescape=True)
        found.append(or_(col(AuditRow.action) == query.action, prefix))
    columns = (AuditRow.actor, AuditRow.action, AuditRow.target, AuditRow.reason)
    found += [or_(*(contains(session, column, word) for column in columns)) for word in words_of(query.text)]
    if environments is not None:
        found.append(col(AuditRow.environment).in_(sorted(environments)))
    return found


def actors(session: Session, environments: frozenset[str] | None) -> tuple[str, ...]:
    """Who acted, by name; 200 at most, and of these environments alone if some are given."""
    if environments is None:
        return tuple(session.connection().execute(_NAMES, {"limit": MOST_NAMES}).scalars())
    wanted = select(AuditRow.actor).where(col(AuditRow.environment).in_(sorted(environments))).distinct()
    return tuple(sorted(session.exec(wanted.limit(MOST_NAMES))))


def _exactly(query: AuditQuery) -> list[ColumnElement[bool]]:
    names = ("actor", "target_kind", "target", "environment")
    return [getattr(AuditRow, name) == getattr(query, name) for name in names if getattr(query, name)]


def _between(query: AuditQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.since:
        found.append(col(AuditRow.at) >= query.since)
    if query.until:
        found.append(col(AuditRow.at) < query.until)
    return found


def _ordered(sort: str) -> tuple[ColumnElement[Any], ...]:
    """Entries that are equal in the order follow each other by their number, in the same direction: one index does."""
    name = sort.removeprefix("-")
    columns = [col(AuditRow.sequence)] if name == "at" else [col(_COLUMN[name]), col(AuditRow.sequence)]
    return tuple(column.desc() if sort.startswith("-") else column.asc() for column in columns)
