"""The audit trail's rows: appended one after the other, read in order, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, text
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from portal.domain.audit import GENESIS, Anchor, AuditEntry, entry_hash
from portal.domain.errors import NotFound
from portal.store.database import Database
from portal.store.tables import AnchorRow, AuditRow

BATCH = 2000
# Plain columns, because making a million objects of rows takes longer than hashing them.
_COLUMNS = core_select(*(getattr(AuditRow, field.name) for field in fields(AuditEntry)))
APPEND_LOCK = 0x61756469  # any number that nothing else in the database locks


def append(session: Session, entry: AuditEntry, at: datetime) -> AuditEntry:
    """The entry with its place in the chain. Appending transactions follow each other: the next waits for this one."""
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPEND_LOCK})
    newest = session.exec(
        select(AuditRow.sequence, AuditRow.hash).order_by(col(AuditRow.sequence).desc()).limit(1)
    ).first()
    sequence, previous = (newest[0] + 1, newest[1]) if newest else (1, GENESIS)
    placed = replace(entry, sequence=sequence, at=at, previous_hash=previous, hash="")
    placed = replace(placed, hash=entry_hash(placed))
    session.add(_row(placed, at))
    session.flush()
    return placed


def get(session: Session, sequence: int) -> AuditEntry:
    """NotFound("audit_entry_missing")."""
    row = session.get(AuditRow, sequence)
    if row is None:
        raise NotFound("audit_entry_missing", sequence=sequence)
    return entry_of(row)


def size(session: Session) -> int:
    """The newest sequence number, 0 for an empty trail."""
    return session.exec(select(func.max(AuditRow.sequence))).one() or 0


def in_order(database: Database, *conditions: ColumnElement[bool]) -> Iterator[AuditEntry]:
    """Every entry from the first on. Read in slices, so that no transaction stays open while the caller works."""
    last = 0
    while True:
        with database.reading() as session:
            later = _COLUMNS.where(col(AuditRow.sequence) > last, *conditions)
            wanted = later.order_by(col(AuditRow.sequence)).limit(BATCH)
            entries = [AuditEntry(*row) for row in session.connection().execute(wanted)]
        yield from entries
        if len(entries) < BATCH:
            return
        last = entries[-1].sequence


def hashes(session: Session, first: int, last: int) -> Sequence[tuple[int, str]]:
    """Sequence and hash of the entries from `first` to `last`, both included."""
    wanted = select(AuditRow.sequence, AuditRow.hash).where(col(AuditRow.sequence).between(first, last))
    return session.exec(wanted.order_by(col(AuditRow.sequence))).all()


def hashes_after(database: Database, sequence: int) -> Iterator[tuple[int, str]]:
    """Sequence and hash of every later entry, read in slices."""
    last, found = sequence, BATCH
    while found == BATCH:
        with database.reading() as session:
            wanted = select(AuditRow.sequence, AuditRow.hash).where(AuditRow.sequence > last)
            rows = session.exec(wanted.order_by(col(AuditRow.sequence)).limit(BATCH)).all()
        yield from ((number, digest) for number, digest in rows)
        found, last = len(rows), rows[-1][0] if rows else last


def add_anchor(session: Session, anchor: Anchor) -> None:
    """Nothing happens if there is one of this size already."""
    if session.get(AnchorRow, anchor.size) is None:
        session.add(AnchorRow(size=anchor.size, root=anchor.root, at=anchor.at, signature=anchor.signature))
        session.flush()


def anchors(session: Session) -> tuple[Anchor, ...]:
    rows = session.exec(select(AnchorRow).order_by(col(AnchorRow.size)))
    return tuple(_anchor(row) for row in rows)


def newest_anchor(session: Session) -> Anchor | None:
    row = session.exec(select(AnchorRow).order_by(col(AnchorRow.size).desc()).limit(1)).first()
    return _anchor(row) if row else None


def _row(entry: AuditEntry, at: datetime) -> AuditRow:
    return AuditRow(
        sequence=entry.sequence,
        at=at,
        actor=entry.actor,
        actor_kind=entry.actor_kind,
        action=entry.action,
        target_kind=entry.target_kind,
        target=entry.target,
        environment=entry.environment,
        reason=entry.reason,
        params=dict(entry.params),
        request_id=entry.request_id,
        previous_hash=entry.previous_hash,
        hash=entry.hash,
    )


def entry_of(row: AuditRow) -> AuditEntry:
    params: Mapping[str, str] = row.params
    return AuditEntry(
        actor=row.actor,
        actor_kind=row.actor_kind,
        action=row.action,
        target_kind=row.target_kind,
        target=row.target,
        environment=row.environment,
        reason=row.reason,
        params=params,
        request_id=row.request_id,
        sequence=row.sequence,
        at=row.at,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def _anchor(row: AnchorRow) -> Anchor:
    return Anchor(row.size, row.root, row.at, row.signature)
