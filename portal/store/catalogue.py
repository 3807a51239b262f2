"""Services, environments and freeze windows."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from portal.domain.environment import Environment, FreezeWindow
from portal.domain.errors import NotFound
from portal.domain.service import Service
from portal.store.documents import from_document, to_document
from portal.store.tables import EnvironmentRow, FreezeRow, ServiceRow


def services(session: Session) -> tuple[Service, ...]:
    rows = session.exec(select(ServiceRow).order_by(ServiceRow.name))
    return tuple(from_document(Service, row.document) for row in rows)


def service(session: Session, name: str) -> Service:
    """NotFound("service_missing")."""
    row = session.get(ServiceRow, name)
    if row is None:
        raise NotFound("service_missing", service=name)
    return from_document(Service, row.document)


def put_service(session: Session, value: Service, now: datetime) -> None:
    session.merge(ServiceRow(name=value.name, repository=value.repository, document=to_document(value), updated_at=now))


def environments(session: Session) -> tuple[Environment, ...]:
    """In the order of promotion."""
    rows = session.exec(select(EnvironmentRow).order_by(EnvironmentRow.position, EnvironmentRow.name))  # type: ignore[arg-type]
    return tuple(from_document(Environment, row.document) for row in rows)


def environment(session: Session, name: str) -> Environment:
    """NotFound("environment_missing")."""
    row = session.get(EnvironmentRow, name)
    if row is None:
        raise NotFound("environment_missing", environment=name)
    return from_document(Environment, row.document)


def put_environment(session: Session, value: Environment, now: datetime) -> None:
    session.merge(EnvironmentRow(name=value.name, position=value.position, document=to_document(value), updated_at=now))


def freezes(session: Session) -> tuple[FreezeWindow, ...]:
    rows = session.exec(select(FreezeRow).order_by(FreezeRow.id))  # type: ignore[arg-type]
    return tuple(_window(row) for row in rows)


def add_freeze(session: Session, window: FreezeWindow) -> FreezeWindow:
    row = FreezeRow(environment=window.environment, document=to_document(window))
    session.add(row)
    session.flush()
    return _window(row)


def remove_freeze(session: Session, freeze_id: int) -> FreezeWindow:
    """NotFound("freeze_missing")."""
    row = session.get(FreezeRow, freeze_id)
    if row is None:
        raise NotFound("freeze_missing", id=freeze_id)
    session.delete(row)
    return _window(row)


def _window(row: FreezeRow) -> FreezeWindow:
    return from_document(FreezeWindow, {**row.document, "id": row.id})
