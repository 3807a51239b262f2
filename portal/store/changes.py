"""Rollouts as the measures of delivery see them: when each reached its first users, all of them, or none any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from portal.domain.dora import Change
from portal.domain.plan import StepKind
from portal.domain.rollout import State
from portal.store.tables import OperationStepRow, ReleaseRow, RolloutRow

MOST = 20_000


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Rollouts that began, ended or went on in the time; `environments` None stands for all."""

    since: datetime
    until: datetime
    service: str = ""
    environment: str = ""
    environments: frozenset[str] | None = None


def between(session: Session, query: ChangeQuery) -> tuple[Change, ...]:
    """The newest 20,000 of them, newest first."""
    release = (col(ReleaseRow.service) == col(RolloutRow.service)) & (
        col(ReleaseRow.version) == col(RolloutRow.to_version)
    )
    wanted = select(*_columns()).select_from(RolloutRow).outerjoin(ReleaseRow, release).where(*_conditions(query))
    newest = wanted.order_by(col(RolloutRow.created_at).desc()).limit(MOST)
    return tuple(_change(row) for row in session.connection().execute(newest))


def _columns() -> tuple[Any, ...]:
    plain = ("id", "service", "environment", "to_version", "state", "created_at", "decided_at", "last_answer_ms")
    document: Any = col(RolloutRow.document)
    released: Any = col(ReleaseRow.created_at)
    return (
        *(col(getattr(RolloutRow, name)) for name in plain),
        document["from_version"].as_string().label("from_version"),
        document["is_return"].as_boolean().label("is_return"),
        released.label("released_at"),
        _begun(StepKind.SHIFT, StepKind.ADAPT).label("reached_at"),
        _begun(StepKind.BAKE).label("promoted_at"),
    )


def _begun(*kinds: StepKind) -> Any:
    """When the first step of these kinds began."""
    of_rollout = (col(OperationStepRow.operation_id) == col(RolloutRow.id), col(OperationStepRow.name).in_(kinds))
    return select(func.min(col(OperationStepRow.started_at))).where(*of_rollout).scalar_subquery()


def _conditions(query: ChangeQuery) -> list[ColumnElement[bool]]:
    created, ended = col(RolloutRow.created_at), col(RolloutRow.ended_at)
    conditions = [created < query.until, or_(ended.is_(None), ended >= query.since)]
    exact = {RolloutRow.service: query.service, RolloutRow.environment: query.environment}
    conditions += [col(column) == value for column, value in exact.items() if value]
    if query.environments is not None:
        conditions.append(col(RolloutRow.environment).in_(sorted(query.environments)))
    return conditions


def _change(row: Any) -> Change:
    back = row.decided_at if row.state == State.ABORTED and row.reached_at is not None else None
    return Change(
        id=row.id,
        service=row.service,
        environment=row.environment,
        from_version=row.from_version,
        to_version=row.to_version,
        is_return=row.is_return,
        created_at=row.created_at,
        released_at=row.released_at,
        reached_at=row.reached_at,
        promoted_at=row.promoted_at,
        gone_back_at=back + timedelta(milliseconds=row.last_answer_ms or 0.0) if back else None,
    )
