"""Containers that somebody stopped and that stay so."""

from __future__ import annotations

from sqlmodel import Session, col, delete, select

from portal.domain.container_view import Hold
from portal.store.tables import ContainerHoldRow, ReplicaRow


def every(session: Session) -> dict[str, Hold]:
    """By the name of the container."""
    rows = session.exec(select(ContainerHoldRow))
    return {row.name: Hold(row.name, row.by, row.reason, row.at) for row in rows}


def put(session: Session, hold: Hold) -> None:
    """Held from now on; those of containers that nobody wants any more are forgotten on this occasion."""
    session.exec(delete(ContainerHoldRow).where(col(ContainerHoldRow.name).not_in(select(ReplicaRow.name))))
    session.merge(ContainerHoldRow(name=hold.name, by=hold.by, reason=hold.reason, at=hold.at))
    session.flush()


def lift(session: Session, name: str) -> None:
    session.exec(delete(ContainerHoldRow).where(col(ContainerHoldRow.name) == name))
