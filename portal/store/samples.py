"""What the proxy saw of each version, second by second, while a rollout runs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from portal.domain.rollout import TrafficSample
from portal.domain.route import Slot
from portal.store.database import changed_rows
from portal.store.tables import TrafficSampleRow


def put(session: Session, samples: Iterable[TrafficSample]) -> None:
    """A second that was written before is replaced."""
    for sample in samples:
        values = {name: getattr(sample, name) for name in TrafficSample.__slots__}
        values["latency"] = {str(bin_): count for bin_, count in sample.latency.items()}
        session.merge(TrafficSampleRow(**values))


def between(
    session: Session, target: tuple[str, str], *, after: int, until: int, limit: int = 20_000
) -> tuple[TrafficSample, ...]:
    """Samples of (service, environment) with `after` < second <= `until`, oldest first."""
    service, environment = target
    wanted = select(TrafficSampleRow).where(
        TrafficSampleRow.service == service,
        TrafficSampleRow.environment == environment,
        TrafficSampleRow.second > after,
        TrafficSampleRow.second <= until,
    )
    rows = session.exec(wanted.order_by(col(TrafficSampleRow.second)).limit(limit))
    return tuple(_sample(row) for row in rows)


def seconds_watched(session: Session, target: tuple[str, str], *, since: int) -> int:
    """In how many seconds since then the traffic was really watched."""
    service, environment = target
    seconds = func.count(func.distinct(TrafficSampleRow.second))
    wanted = select(seconds).where(
        TrafficSampleRow.service == service,
        TrafficSampleRow.environment == environment,
        TrafficSampleRow.second >= since,
    )
    return session.exec(wanted).one()


def last_answer(session: Session, target: tuple[str, str], slot: Slot, *, since: int) -> float | None:
    """The time of the last answer of a slot, in seconds since the epoch, forced requests left out."""
    service, environment = target
    wanted = select(func.max(TrafficSampleRow.last_at)).where(
        TrafficSampleRow.service == service,
        TrafficSampleRow.environment == environment,
        TrafficSampleRow.slot == slot,
        TrafficSampleRow.second >= since,
    )
    return session.exec(wanted).one()


def drop_before(session: Session, second: int, *, limit: int = 5_000) -> int:
    """Delete old samples in a bounded slice; how many went."""
    old = select(TrafficSampleRow.second).where(TrafficSampleRow.second < second).order_by(col(TrafficSampleRow.second))
    newest = session.exec(old.offset(limit).limit(1)).first()
    edge = min(second, newest) if newest is not None else second
    return changed_rows(session, delete(TrafficSampleRow).where(col(TrafficSampleRow.second) < edge))


def _sample(row: TrafficSampleRow) -> TrafficSample:
    values = row.model_dump()
    values["slot"] = Slot(row.slot)
    values["latency"] = {int(bin_): count for bin_, count in row.latency.items()}
    return TrafficSample(**values)


def errors(session: Session, target: tuple[str, str], slot: Slot, *, period: tuple[int, int]) -> int:
    """How many requests failed at a slot in the seconds after the first and up to the second of `period`."""
    service, environment = target
    wanted = select(func.coalesce(func.sum(TrafficSampleRow.errors), 0)).where(
        TrafficSampleRow.service == service,
        TrafficSampleRow.environment == environment,
        TrafficSampleRow.slot == slot,
        TrafficSampleRow.second > period[0],
        TrafficSampleRow.second <= period[1],
    )
    return int(session.exec(wanted).one())
