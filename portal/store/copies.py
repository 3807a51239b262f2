"""Stores of data, copies between them, and where data came from."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, col, delete, or_, select

from portal.domain.data_store import CopyApproval, CopyState, DataCopy, DataStore, Taint
from portal.domain.errors import NotFound
from portal.store.documents import from_document, to_document
from portal.store.tables_copies import DataCopyRow, DataStoreRow, TaintRow


def stores(session: Session, environment: str = "") -> tuple[DataStore, ...]:
    wanted = select(DataStoreRow).order_by(DataStoreRow.environment, DataStoreRow.name)
    if environment:
        wanted = wanted.where(DataStoreRow.environment == environment)
    return tuple(_store(row) for row in session.exec(wanted))


def _row(session: Session, environment: str, name: str) -> DataStoreRow:
    row = session.get(DataStoreRow, (environment, name))
    if row is None:
        raise NotFound("store_missing", environment=environment, name=name)
    return row


def store(session: Session, environment: str, name: str) -> DataStore:
    """NotFound("store_missing")."""
    return _store(_row(session, environment, name))


def _store(row: DataStoreRow) -> DataStore:
    return replace(from_document(DataStore, row.document), has_password=bool(row.sealed_password))


def put_store(session: Session, given: DataStore, *, sealed_password: str | None) -> None:
    """Without a password the one that there is stays."""
    row = session.get(DataStoreRow, (given.environment, given.name))
    row = row or DataStoreRow(environment=given.environment, name=given.name, document={})
    row.document = to_document(given)
    if sealed_password is not None:
        row.sealed_password = sealed_password
    session.add(row)
    session.flush()


def sealed_password(session: Session, environment: str, name: str) -> str:
    return _row(session, environment, name).sealed_password


def remove_store(session: Session, environment: str, name: str) -> None:
    session.delete(_row(session, environment, name))


def add_copy(session: Session, copy: DataCopy) -> DataCopy:
    row = DataCopyRow(
        source_environment=copy.source[0],
        source_name=copy.source[1],
        target_environment=copy.target[0],
        target_name=copy.target[1],
        requested_by=copy.requested_by,
        reason=copy.reason,
        created_at=copy.created_at,
        state=copy.state,
        needed=copy.needed,
    )
    session.add(row)
    session.flush()
    return _copy(row)


def copy(session: Session, number: int, *, is_locked: bool = False) -> DataCopy:
    """NotFound("copy_missing")."""
    row = session.get(DataCopyRow, number, with_for_update=is_locked or None, populate_existing=True)
    if row is None:
        raise NotFound("copy_missing", id=number)
    return _copy(row)


def change_copy(session: Session, changed: DataCopy) -> None:
    row = session.get(DataCopyRow, changed.id)
    if row is not None:
        row.state, row.job_id, row.result = changed.state, changed.job_id, dict(changed.result)
        row.approvals = [to_document(approval) for approval in changed.approvals]
        session.add(row)


def copies(session: Session, environment: str, *, limit: int = 50) -> tuple[DataCopy, ...]:
    """From there and to there, the newest first."""
    is_here = or_(
        col(DataCopyRow.source_environment) == environment, col(DataCopyRow.target_environment) == environment
    )
    rows = session.exec(select(DataCopyRow).where(is_here).order_by(col(DataCopyRow.id).desc()).limit(limit))
    return tuple(_copy(row) for row in rows)


def _copy(row: DataCopyRow) -> DataCopy:
    return DataCopy(
        id=row.id or 0,
        source=(row.source_environment, row.source_name),
        target=(row.target_environment, row.target_name),
        requested_by=row.requested_by,
        reason=row.reason,
        created_at=row.created_at,
        state=CopyState(row.state),
        needed=row.needed,
        approvals=tuple(from_document(CopyApproval, given) for given in row.approvals),
        job_id=row.job_id,
        result=row.result,
    )


def put_taint(session: Session, taint: Taint) -> None:
    session.merge(TaintRow(**{name: getattr(taint, name) for name in Taint.__slots__}))
    session.flush()


def lift_taint(session: Session, environment: str, name: str) -> None:
    fits = (col(TaintRow.environment) == environment, col(TaintRow.name) == name)
    session.exec(delete(TaintRow).where(*fits))


def taints(session: Session, environment: str = "") -> tuple[Taint, ...]:
    wanted = select(TaintRow).order_by(TaintRow.environment, TaintRow.name)
    if environment:
        wanted = wanted.where(TaintRow.environment == environment)
    return tuple(Taint(**{name: getattr(row, name) for name in Taint.__slots__}) for row in session.exec(wanted))


def forget_environment(session: Session, environment: str) -> None:
    """Its stores and what was known of them; the copies stay as history."""
    session.exec(delete(DataStoreRow).where(col(DataStoreRow.environment) == environment))
    session.exec(delete(TaintRow).where(col(TaintRow.environment) == environment))
