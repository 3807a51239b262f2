"""What should run where."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, select

from portal.domain.deployment import Deployment
from portal.domain.route import Slot
from portal.store.tables import DeploymentRow


def _deployment(row: DeploymentRow) -> Deployment:
    values: dict[str, Any] = row.model_dump()
    values["slot"] = Slot(row.slot)
    return Deployment(**values)


def every(session: Session) -> tuple[Deployment, ...]:
    rows = session.exec(select(DeploymentRow).order_by(DeploymentRow.service, DeploymentRow.environment))
    return tuple(_deployment(row) for row in rows)


def get(session: Session, service: str, environment: str) -> Deployment | None:
    row = session.get(DeploymentRow, (service, environment), populate_existing=True)
    return _deployment(row) if row else None


def put(session: Session, deployment: Deployment) -> None:
    session.merge(DeploymentRow(**{name: getattr(deployment, name) for name in Deployment.__slots__}))
    session.flush()


def forget(session: Session, service: str, environment: str) -> None:
    row = session.get(DeploymentRow, (service, environment))
    if row is not None:
        session.delete(row)
