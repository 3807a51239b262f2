"""How many tasks there are and were, and how long they took: counted from the operations and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Float, func, type_coerce
from sqlmodel import Session, col, select

from portal.domain.rollout import State
from portal.store.tables import OperationRow, RolloutRow

MOST_RECENT = 1000


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """`seconds` of all `ended` together; `recent` are the durations of the newest thousand, in ascending order."""

    active: int
    completed: int
    failed: int
    ended: int
    seconds: float
    recent: tuple[float, ...]


def counts(session: Session) -> TaskCounts:
    took = type_coerce(col(RolloutRow.ended_at), Float) - type_coerce(col(RolloutRow.created_at), Float)
    is_over = col(RolloutRow.ended_at).is_not(None)
    active = select(func.count()).select_from(OperationRow).where(col(OperationRow.is_over).is_(False))
    states = dict(session.exec(select(RolloutRow.state, func.count()).where(is_over).group_by(RolloutRow.state)).all())
    seconds = session.exec(select(func.sum(took)).where(is_over)).one()
    newest = select(took).where(is_over).order_by(col(RolloutRow.ended_at).desc()).limit(MOST_RECENT)
    return TaskCounts(
        active=session.exec(active).one(),
        completed=states.get(State.SUCCEEDED, 0),
        failed=states.get(State.ABORTED, 0),
        ended=sum(states.values()),
        seconds=float(seconds or 0.0),
        recent=tuple(sorted(float(duration) for duration in session.exec(newest))),
    )
