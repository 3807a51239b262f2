"""What was set for services in environments, and the history of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, delete, select

from portal.domain.environment import Environment
from portal.domain.scaling import Scale, ScalingEntry, ScalingPolicy
from portal.store.documents import from_document, to_document
from portal.store.tables_scaling import ScaleEntryRow, ScaleRow

ENTRIES_KEPT = 500


def _scale(row: ScaleRow) -> Scale:
    policy = from_document(ScalingPolicy, row.policy)
    return Scale(
        row.service, row.environment, row.replicas, row.cpu_cores, row.memory_bytes, policy, acted_at=row.acted_at
    )


def get(session: Session, service: str, environment: str) -> Scale:
    """What is set; a scale without anything where nothing is."""
    row = session.get(ScaleRow, (service, environment), populate_existing=True)
    return _scale(row) if row else Scale(service, environment)


def with_policy(session: Session) -> tuple[Scale, ...]:
    """Those whose policy is on."""
    rows = session.exec(select(ScaleRow).order_by(ScaleRow.service, ScaleRow.environment))
    return tuple(scale for row in rows if (scale := _scale(row)).policy.is_on)


def put(session: Session, scale: Scale) -> None:
    names = ("service", "environment", "replicas", "cpu_cores", "memory_bytes", "acted_at")
    session.merge(ScaleRow(**{n: getattr(scale, n) for n in names}, policy=to_document(scale.policy)))
    session.flush()


def forget(session: Session, environment: str) -> None:
    """Nothing is set any more for anything in the environment; the history stays."""
    session.exec(delete(ScaleRow).where(col(ScaleRow.environment) == environment))


def scaled(session: Session, service: str, environment: Environment) -> Environment:
    """The environment with the number of containers that the service shall have there."""
    wanted = get(session, service, environment.name).replicas
    return environment if wanted is None else replace(environment, replicas=wanted)


def add_entry(session: Session, place: tuple[str, str], entry: ScalingEntry) -> int:
    """The oldest beyond 500 of the place are forgotten."""
    values = {name: getattr(entry, name) for name in ScalingEntry.__slots__ if name not in ("id", "params")}
    row = ScaleEntryRow(service=place[0], environment=place[1], params=dict(entry.params), **values)
    session.add(row)
    session.flush()
    assert row.id is not None
    ours = (col(ScaleEntryRow.service) == place[0], col(ScaleEntryRow.environment) == place[1])
    ids = select(ScaleEntryRow.id).where(*ours).order_by(col(ScaleEntryRow.id).desc())
    if oldest := session.exec(ids.offset(ENTRIES_KEPT).limit(1)).first():
        session.exec(delete(ScaleEntryRow).where(*ours, col(ScaleEntryRow.id) <= oldest))
    return row.id


def renew_entry(session: Session, entry_id: int, *, at: datetime, params: dict[str, str]) -> None:
    """The same still holds, with other figures."""
    row = session.get(ScaleEntryRow, entry_id)
    if row is not None:
        row.at, row.params = at, params
        session.add(row)


def entries(session: Session, service: str, environment: str, *, limit: int = 50) -> tuple[ScalingEntry, ...]:
    """The newest first."""
    wanted = select(ScaleEntryRow).where(ScaleEntryRow.service == service, ScaleEntryRow.environment == environment)
    rows = session.exec(wanted.order_by(col(ScaleEntryRow.id).desc()).limit(limit))
    return tuple(
        ScalingEntry(**{name: getattr(row, name) for name in ScalingEntry.__slots__ if name != "id"}, id=row.id or 0)
        for row in rows
    )
