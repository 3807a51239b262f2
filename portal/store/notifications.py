"""What each person was told and has read, and how they like to be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import event as sql_event
from sqlalchemy import func, update
from sqlmodel import Session, col, delete, select

from portal.domain.notification import Notification, NotificationEvent, NotificationPreferences, Way
from portal.domain.page import Page, bounded
from portal.store.tables_notifications import NotificationPreferenceRow, NotificationRow


def add(session: Session, notification: Notification) -> None:
    """Its id is ignored."""
    names = ("user", "event", "href", "environment", "at")
    values = {name: getattr(notification, name) for name in names}
    session.add(NotificationRow(**values, params=dict(notification.params)))


def page(
    session: Session, user: str, *, is_unread: bool = False, offset: int = 0, limit: int = 50
) -> Page[Notification]:
    """The newest first."""
    offset, limit = bounded(offset, limit)
    wanted = select(NotificationRow).where(NotificationRow.user == user)
    if is_unread:
        wanted = wanted.where(col(NotificationRow.read_at).is_(None))
    total = session.exec(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.exec(wanted.order_by(col(NotificationRow.id).desc()).offset(offset).limit(limit))
    return Page(tuple(_notification(row) for row in rows), total, offset, limit)


def _notification(row: NotificationRow) -> Notification:
    return Notification(
        id=row.id or 0,
        user=row.user,
        event=NotificationEvent(row.event),
        params=row.params,
        href=row.href,
        at=row.at,
        environment=row.environment,
        read_at=row.read_at,
    )


def unread(session: Session, user: str) -> int:
    wanted = select(func.count()).select_from(NotificationRow)
    return session.exec(wanted.where(NotificationRow.user == user, col(NotificationRow.read_at).is_(None))).one()


def mark_read(session: Session, user: str, now: datetime, *, notification_id: int | None = None) -> None:
    """One of theirs, or all; nothing happens to anybody else's."""
    change = update(NotificationRow).where(col(NotificationRow.user) == user, col(NotificationRow.read_at).is_(None))
    if notification_id is not None:
        change = change.where(col(NotificationRow.id) == notification_id)
    session.exec(change.values(read_at=now))


def forget_before(session: Session, at: datetime, *, limit: int = 5_000) -> None:
    old = select(NotificationRow.id).where(col(NotificationRow.at) < at).limit(limit)
    session.exec(delete(NotificationRow).where(col(NotificationRow.id).in_(old)))


def preferences(session: Session, user: str) -> NotificationPreferences:
    row = session.get(NotificationPreferenceRow, user)
    if row is None:
        return NotificationPreferences()
    ways = {
        event: frozenset(Way(way) for way in row.ways.get(event, [Way.BELL]) if way in tuple(Way))
        for event in NotificationEvent
    }
    return NotificationPreferences(row.address, ways)


def set_preferences(session: Session, user: str, wanted: NotificationPreferences) -> None:
    ways = {str(event): sorted(chosen) for event, chosen in wanted.ways.items()}
    session.merge(NotificationPreferenceRow(user=user, address=wanted.address, ways=ways))
    session.flush()


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Do something once the transaction is there for all to see; nothing if it is not."""

    def done(_: object) -> None:
        act()

    sql_event.listen(session, "after_commit", done, once=True)
