"""Saved views of lists."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from portal.domain.errors import Conflict, NotFound
from portal.domain.saved_view import SavedView
from portal.store.tables_views import SavedViewRow

MOST_SHOWN = 200


def visible(session: Session, noun: str, owner: str) -> tuple[SavedView, ...]:
    """The owner's own and those that others share, by name."""
    seen: ColumnElement[bool] = or_(col(SavedViewRow.owner) == owner, col(SavedViewRow.is_shared).is_(True))
    wanted = select(SavedViewRow).where(SavedViewRow.noun == noun, seen)
    rows = session.exec(wanted.order_by(SavedViewRow.name, col(SavedViewRow.id)).limit(MOST_SHOWN))
    return tuple(_view(row) for row in rows)


def count(session: Session, noun: str, owner: str) -> int:
    wanted = select(func.count()).where(SavedViewRow.noun == noun, SavedViewRow.owner == owner)
    return session.exec(wanted).one()


def get(session: Session, view_id: int) -> SavedView:
    """NotFound("view_missing")."""
    return _view(_row(session, view_id))


def add(session: Session, view: SavedView) -> SavedView:
    """Conflict("view_exists") if the owner has one of this name."""
    values = {name: getattr(view, name) for name in SavedView.__slots__ if name != "id"}
    row = SavedViewRow(**values)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("view_exists", name=view.name) from None
    return _view(row)


def remove(session: Session, view_id: int) -> None:
    session.delete(_row(session, view_id))


def _row(session: Session, view_id: int) -> SavedViewRow:
    row = session.get(SavedViewRow, view_id)
    if row is None:
        raise NotFound("view_missing", id=view_id)
    return row


def _view(row: SavedViewRow) -> SavedView:
    return SavedView(**{name: getattr(row, name) for name in SavedView.__slots__})
