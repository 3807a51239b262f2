"""Jobs: kept, found, and changed by whoever holds the claim on their operation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlmodel import Session, col, select

from portal.domain.errors import NotFound
from portal.domain.job import JOB_SORTS, Job, JobQuery, JobState
from portal.domain.lists import check_sort
from portal.domain.operation import Claim
from portal.domain.page import Page, bounded
from portal.store import operations
from portal.store.matching import contains, words_of
from portal.store.tables import OperationRow, OperationStepRow
from portal.store.tables_jobs import JobRow

_FIELDS = tuple(name for name in Job.__slots__ if name != "state")
_ACTIVE = (JobState.WAITING, JobState.RUNNING)
SLICE = 100


def add(session: Session, job: Job, steps: list[str]) -> Job:
    """With the number of its operation, which is due at once."""
    number = operations.add(session, kind=job.kind, target=job.target, plan_version=1, now=job.created_at)
    operations.add_steps(session, number, steps)
    values: dict[str, Any] = {name: getattr(job, name) for name in _FIELDS if name != "id"}
    row = JobRow(id=number, state=job.state, **values)
    session.add(row)
    session.flush()
    return _job(row)


def get(session: Session, number: int) -> Job:
    """NotFound("job_missing")."""
    row = session.get(JobRow, number)
    if row is None:
        raise NotFound("job_missing", id=number)
    return _job(row)


def set_under(session: Session, claim: Claim, **values: Any) -> None:
    """Change these fields, and hold the claim until the transaction ends. Conflict("claim_lost")."""
    operations.lock_row(session, claim)
    session.exec(update(JobRow).where(col(JobRow.id) == claim.operation_id).values(**values))


def ask_cancel(session: Session, number: int) -> bool:
    """Whether it was not over and nobody had asked before."""
    fits = (col(JobRow.id) == number, col(JobRow.state).in_(_ACTIVE), col(JobRow.is_unwanted).is_(False))
    return bool(session.exec(update(JobRow).where(*fits).values(is_unwanted=True)).rowcount)


def is_unwanted(session: Session, number: int) -> bool:
    return bool(session.exec(select(JobRow.is_unwanted).where(JobRow.id == number)).first())


def page(session: Session, query: JobQuery, environments: frozenset[str] | None) -> Page[Job]:
    """Newest first or last; of these environments, or of all and of the whole portal. Invalid("sort_bad")."""
    offset, limit = bounded(query.offset, query.limit)
    fits = _conditions(session, query, environments)
    total = session.exec(select(func.count()).select_from(JobRow).where(*fits)).one()
    is_down = check_sort(query.sort, JOB_SORTS).startswith("-")
    order = col(JobRow.id).desc() if is_down else col(JobRow.id).asc()
    rows = session.exec(select(JobRow).where(*fits).order_by(order).offset(offset).limit(limit))
    return Page(tuple(_job(row) for row in rows), total, offset, limit)


def newest(session: Session, kind: str, target: str, *, state: JobState | None = None) -> Job | None:
    fits = [col(JobRow.kind) == kind, col(JobRow.target) == target]
    fits += [col(JobRow.state) == state] if state else []
    row = session.exec(select(JobRow).where(*fits).order_by(col(JobRow.id).desc()).limit(1)).first()
    return _job(row) if row is not None else None


def count(session: Session, *, is_active: bool = True) -> int:
    state = col(JobRow.state)
    wanted = state.in_(_ACTIVE) if is_active else state.not_in(_ACTIVE)
    return session.exec(select(func.count()).select_from(JobRow).where(wanted)).one()


def forget_before(session: Session, moment: datetime) -> int:
    """A slice of those that ended before; how many."""
    old = select(JobRow.id).where(col(JobRow.ended_at) < moment).order_by(col(JobRow.id)).limit(SLICE)
    numbers = list(session.exec(old))
    for table, column in (
        (JobRow, JobRow.id),
        (OperationStepRow, OperationStepRow.operation_id),
        (OperationRow, OperationRow.id),
    ):
        session.exec(delete(table).where(col(column).in_(numbers)))
    return len(numbers)


def _conditions(session: Session, query: JobQuery, environments: frozenset[str] | None) -> list[ColumnElement[bool]]:
    wanted = {JobRow.kind: query.kind, JobRow.environment: query.environment, JobRow.requested_by: query.person}
    fits = [col(column) == value for column, value in wanted.items() if value]
    if query.state:
        states = {"active": _ACTIVE, "over": tuple(s for s in JobState if s.is_over)}
        fits.append(col(JobRow.state).in_(states.get(query.state, (query.state,))))
    if environments is not None:
        fits.append(col(JobRow.environment).in_(sorted(environments)))
    looked_in = (JobRow.kind, JobRow.target, JobRow.environment, JobRow.requested_by)
    return fits + [or_(*(contains(session, column, word) for column in looked_in)) for word in words_of(query.text)]


def _job(row: JobRow) -> Job:
    return Job(state=JobState(row.state), **{name: getattr(row, name) for name in _FIELDS})
