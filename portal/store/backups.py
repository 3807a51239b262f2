"""Backups and recoveries: kept, found, and forgotten with what they tell of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, update
from sqlmodel import Session, col, select

from portal.domain.backup import (
    BACKUP_SORTS,
    RECOVERY_SORTS,
    Backup,
    BackupKind,
    BackupQuery,
    BackupState,
    Recovery,
    RecoveryKind,
    RecoveryQuery,
)
from portal.domain.errors import NotFound
from portal.domain.lists import check_sort
from portal.domain.page import Page, bounded
from portal.store.tables_backup import BackupRow, RecoveryRow

MOST_RECOVERIES = 5000
_BACKUP_FIELDS = tuple(name for name in Backup.__slots__ if name not in ("id", "kind", "state"))
_RECOVERY_FIELDS = tuple(name for name in Recovery.__slots__ if name not in ("id", "kind"))


def add(session: Session, backup: Backup) -> Backup:
    """With the number that it gets."""
    values: dict[str, Any] = {name: getattr(backup, name) for name in _BACKUP_FIELDS}
    row = BackupRow(kind=backup.kind, state=backup.state, **values)
    session.add(row)
    session.flush()
    return _backup(row)


def get(session: Session, number: int) -> Backup:
    """NotFound("backup_missing")."""
    row = session.get(BackupRow, number)
    if row is None:
        raise NotFound("backup_missing", id=number)
    return _backup(row)


def set_checked(session: Session, number: int, state: BackupState, *, at: datetime, error: str = "") -> None:
    values = {"state": state, "checked_at": at, "error": error}
    session.exec(update(BackupRow).where(col(BackupRow.id) == number).values(**values))


def forget(session: Session, numbers: Collection[int]) -> None:
    session.exec(delete(BackupRow).where(col(BackupRow.id).in_(list(numbers))))


def page(session: Session, query: BackupQuery, environments: frozenset[str] | None) -> Page[Backup]:
    """Of these environments, or of all and the portal's own. Invalid("sort_bad")."""
    offset, limit = bounded(query.offset, query.limit)
    fits = _fits(BackupRow, query, environments)
    fits += [col(BackupRow.state) == query.state] if query.state else []
    total = session.exec(select(func.count()).select_from(BackupRow).where(*fits)).one()
    is_down = check_sort(query.sort, BACKUP_SORTS).startswith("-")
    at, number = col(BackupRow.at), col(BackupRow.id)
    order = (at.desc(), number.desc()) if is_down else (at.asc(), number.asc())
    rows = session.exec(select(BackupRow).where(*fits).order_by(*order).offset(offset).limit(limit))
    return Page(tuple(_backup(row) for row in rows), total, offset, limit)


def of_target(session: Session, kind: BackupKind, target: str, *, environment: str = "") -> tuple[Backup, ...]:
    """The newest first; a thousand at most."""
    fits = (
        col(BackupRow.kind) == kind,
        col(BackupRow.target) == target,
        col(BackupRow.environment) == environment,
    )
    rows = session.exec(select(BackupRow).where(*fits).order_by(col(BackupRow.at).desc()).limit(1000))
    return tuple(_backup(row) for row in rows)


def by_folder(session: Session, folder: str) -> Backup | None:
    row = session.exec(select(BackupRow).where(BackupRow.folder == folder)).first()
    return _backup(row) if row else None


def add_recovery(session: Session, recovery: Recovery) -> Recovery:
    """With the number that it gets; the eldest beyond five thousand are forgotten."""
    values: dict[str, Any] = {name: getattr(recovery, name) for name in _RECOVERY_FIELDS}
    row = RecoveryRow(kind=recovery.kind, **values)
    session.add(row)
    session.flush()
    session.exec(delete(RecoveryRow).where(col(RecoveryRow.id) <= (row.id or 0) - MOST_RECOVERIES))
    return _recovery(row)


def recovery(session: Session, number: int) -> Recovery:
    """NotFound("recovery_missing")."""
    row = session.get(RecoveryRow, number)
    if row is None:
        raise NotFound("recovery_missing", id=number)
    return _recovery(row)


def recoveries(session: Session, query: RecoveryQuery, environments: frozenset[str] | None) -> Page[Recovery]:
    offset, limit = bounded(query.offset, query.limit)
    fits = _fits(RecoveryRow, query, environments)
    total = session.exec(select(func.count()).select_from(RecoveryRow).where(*fits)).one()
    is_down = check_sort(query.sort, RECOVERY_SORTS).startswith("-")
    at, number = col(RecoveryRow.at), col(RecoveryRow.id)
    order = (at.desc(), number.desc()) if is_down else (at.asc(), number.asc())
    rows = session.exec(select(RecoveryRow).where(*fits).order_by(*order).offset(offset).limit(limit))
    return Page(tuple(_recovery(row) for row in rows), total, offset, limit)


def last_good(session: Session, target: str, *, environment: str = "") -> Recovery | None:
    """The newest restore of the target that was found whole."""
    fits = (
        col(RecoveryRow.target) == target,
        col(RecoveryRow.environment) == environment,
        col(RecoveryRow.is_good).is_(True),
    )
    row = session.exec(select(RecoveryRow).where(*fits).order_by(col(RecoveryRow.at).desc()).limit(1)).first()
    return _recovery(row) if row else None


def _fits(
    table: Any, query: BackupQuery | RecoveryQuery, environments: frozenset[str] | None
) -> list[ColumnElement[bool]]:
    wanted = {table.kind: query.kind, table.environment: query.environment, table.target: query.target}
    fits = [column == value for column, value in wanted.items() if value]
    if environments is not None:
        fits.append(table.environment.in_(sorted(environments)))
    return fits


def _backup(row: BackupRow) -> Backup:
    values = {name: getattr(row, name) for name in _BACKUP_FIELDS}
    return Backup(id=row.id or 0, kind=BackupKind(row.kind), state=BackupState(row.state), **values)


def _recovery(row: RecoveryRow) -> Recovery:
    values = {name: getattr(row, name) for name in _RECOVERY_FIELDS}
    return Recovery(id=row.id or 0, kind=RecoveryKind(row.kind), **values)
