"""Services, environments and freeze windows."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from portal.domain.environment import Environment, FreezeWindow
from portal.domain.errors import NotFound
from portal.domain.service import Service
from portal.store.documents import from_document, to_document
from portal.store.tables import EnvironmentRow, FreezeRow, ServiceRevisionRow, ServiceRow


def services(session: Session, *, has_archived: bool = False) -> tuple[Service, ...]:
    """By name; archived ones only if asked for."""
    rows = session.exec(select(ServiceRow).order_by(ServiceRow.name))
    found = (from_document(Service, row.document) for row in rows)
    return tuple(service for service in found if has_archived or not service.is_archived)


def service(session: Session, name: str) -> Service:
    """NotFound("service_missing")."""
    row = session.get(ServiceRow, name)
    if row is None:
        raise NotFound("service_missing", service=name)
    return from_document(Service, row.document)


def put_service(session: Session, value: Service, now: datetime, *, by: str = "") -> None:
    """Keep it, and how it was before, so that it can be told what a version ran with."""
    document = to_document(value)
    session.merge(ServiceRow(name=value.name, repository=value.repository, document=document, updated_at=now))
    session.flush()
    session.add(ServiceRevisionRow(service=value.name, at=now, by=by, document=document))
    session.flush()


def service_at(session: Session, name: str, moment: datetime) -> Service | None:
    """The service as it was set at that time; as it was set first for any time before."""
    mine = select(ServiceRevisionRow).where(ServiceRevisionRow.service == name)
    latest = mine.where(col(ServiceRevisionRow.at) <= moment).order_by(col(ServiceRevisionRow.id).desc()).limit(1)
    row = session.exec(latest).first() or session.exec(mine.order_by(col(ServiceRevisionRow.id)).limit(1)).first()
    return from_document(Service, row.document) if row else None


def environments(session: Session, *, has_archived: bool = False) -> tuple[Environment, ...]:
    """In the order of promotion; archived ones only if asked for."""
    rows = session.exec(select(EnvironmentRow).order_by(EnvironmentRow.position, EnvironmentRow.name))  # type: ignore[arg-type]
    found = (from_document(Environment, row.document) for row in rows)
    return tuple(place for place in found if has_archived or not place.is_archived)


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


def freeze(session: Session, freeze_id: int) -> FreezeWindow:
    """NotFound("freeze_missing")."""
    return _window(_freeze_row(session, freeze_id))


def change_freeze(session: Session, window: FreezeWindow) -> None:
    """NotFound("freeze_missing")."""
    row = _freeze_row(session, window.id)
    row.environment, row.document = window.environment, to_document(window)
    session.add(row)


def _freeze_row(session: Session, freeze_id: int) -> FreezeRow:
    row = session.get(FreezeRow, freeze_id)
    if row is None:
        raise NotFound("freeze_missing", id=freeze_id)
    return row


def add_freeze(session: Session, window: FreezeWindow) -> FreezeWindow:
    row = FreezeRow(environment=window.environment, document=to_document(window))
    session.add(row)
    session.flush()
    return _window(row)


def remove_freeze(session: Session, freeze_id: int) -> FreezeWindow:
    """NotFound("freeze_missing")."""
    row = _freeze_row(session, freeze_id)
    session.delete(row)
    return _window(row)


def _window(row: FreezeRow) -> FreezeWindow:
    return from_document(FreezeWindow, {**row.document, "id": row.id})
