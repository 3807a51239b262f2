"""What the proxy saw of each version, second by second, while a rollout runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, delete, func, text
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from portal.domain.rollout import TrafficSample
from portal.domain.route import Slot
from portal.store.database import changed_rows
from portal.store.tables import TrafficSampleRow

_COLUMNS = tuple(col(getattr(TrafficSampleRow, name)) for name in TrafficSample.__slots__)
PUT_LOCK = 0x73616D70  # any number that nothing else in the database locks


def put(session: Session, samples: Iterable[TrafficSample]) -> None:
    """What was counted of a second before is added to: of two portals on one proxy, each hears a part of it."""
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PUT_LOCK})
    for sample in samples:
        key = (sample.service, sample.environment, sample.second, sample.slot)
        before = session.get(TrafficSampleRow, key, populate_existing=True)
        values = _values(sample if before is None else _sum(_sample(before), sample))
        if before is None:
            session.add(TrafficSampleRow(**values))
        else:
            before.sqlmodel_update(values)
        session.flush()


def _values(sample: TrafficSample) -> dict[str, Any]:
    values = {name: getattr(sample, name) for name in TrafficSample.__slots__}
    return values | {"latency": {str(bin_): count for bin_, count in sample.latency.items()}}


def _sum(one: TrafficSample, other: TrafficSample) -> TrafficSample:
    answered = [at for at in (one.last_at, other.last_at) if at is not None]
    return replace(
        one,
        requests=one.requests + other.requests,
        errors=one.errors + other.errors,
        forced=one.forced + other.forced,
        latency=dict(Counter(one.latency) + Counter(other.latency)),
        last_at=max(answered, default=None),
        sampling=min(one.sampling, other.sampling),
    )


def between(
    session: Session, target: tuple[str, str], *, after: int, until: int, limit: int = 20_000
) -> tuple[TrafficSample, ...]:
    """Samples of (service, environment) with `after` < second <= `until`, oldest first."""
    # As plain rows: a page that is open for hours would spend its time on making objects that know of a session.
    wanted = sql_select(*_COLUMNS).where(*_within(target, after=after, until=until))
    rows = session.connection().execute(wanted.order_by(col(TrafficSampleRow.second)).limit(limit))
    return tuple(_of_values(dict(zip(TrafficSample.__slots__, row, strict=True))) for row in rows)


def first_second(session: Session, target: tuple[str, str], *, after: int, until: int) -> int | None:
    """The first of those seconds in which anything was seen."""
    found = select(func.min(TrafficSampleRow.second)).where(*_within(target, after=after, until=until))
    return session.exec(found).one()


def _within(target: tuple[str, str], *, after: int, until: int) -> tuple[ColumnElement[bool], ...]:
    is_target = (col(TrafficSampleRow.service) == target[0], col(TrafficSampleRow.environment) == target[1])
    return *is_target, col(TrafficSampleRow.second) > after, col(TrafficSampleRow.second) <= until


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


def lowest_sampling(session: Session, target: tuple[str, str], *, period: tuple[int, int]) -> float:
    """The smallest share (0 … 1) of the requests that was evaluated in any second of `period`; 1 if all were."""
    service, environment = target
    wanted = select(func.coalesce(func.min(TrafficSampleRow.sampling), 1.0)).where(
        TrafficSampleRow.service == service,
        TrafficSampleRow.environment == environment,
        TrafficSampleRow.second > period[0],
        TrafficSampleRow.second <= period[1],
    )
    return float(session.exec(wanted).one())


def _sample(row: TrafficSampleRow) -> TrafficSample:
    return _of_values(row.model_dump())


def _of_values(values: dict[str, Any]) -> TrafficSample:
    values["slot"] = Slot(values["slot"])
    values["latency"] = {int(bin_): count for bin_, count in values["latency"].items()}
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
