"""Messages on their way out: added in the transaction of what they tell, claimed one a receiver."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from portal.domain.errors import Conflict, NotFound
from portal.domain.notification import (
    MOST_ATTEMPTS,
    Channel,
    ChannelKind,
    Delivery,
    DeliveryStatus,
    NotificationEvent,
    pause_after,
)
from portal.domain.page import Page, bounded
from portal.store.tables_notifications import ChannelRow, OutboxRow

CLAIM = timedelta(seconds=60)
MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to be added: to a channel, or to one person's address."""

    kind: ChannelKind
    target: str
    event: str
    document: dict[str, str] = field(default_factory=dict[str, str])
    channel_id: int | None = None

    @property
    def lane(self) -> str:
        return f"channel:{self.channel_id}" if self.channel_id else f"{self.kind}:{self.target}"


def add(session: Session, parcel: Parcel, now: datetime) -> None:
    """One whose receiver has a thousand waiting already is dead at once, and says so."""
    waiting = select(func.count()).select_from(OutboxRow)
    count = session.exec(waiting.where(OutboxRow.lane == parcel.lane, OutboxRow.status == DeliveryStatus.PENDING)).one()
    is_full = count >= MOST_WAITING
    session.add(
        OutboxRow(
            lane=parcel.lane,
            kind=parcel.kind,
            channel_id=parcel.channel_id,
            target=parcel.target,
            event=parcel.event,
            document=parcel.document,
            status=DeliveryStatus.DEAD if is_full else DeliveryStatus.PENDING,
            error="outbox_full" if is_full else "",
            created_at=now,
            due_at=now,
            ended_at=now if is_full else None,
        )
    )


def claim(session: Session, now: datetime, *, limit: int) -> list[Delivery]:
    """The oldest waiting message of each receiver, if it is due; nobody else gets it for a minute."""
    oldest = select(func.min(OutboxRow.id)).where(OutboxRow.status == DeliveryStatus.PENDING).group_by(OutboxRow.lane)
    wanted = (
        select(OutboxRow)
        .where(
            col(OutboxRow.id).in_(oldest),
            col(OutboxRow.due_at) <= now,
            col(OutboxRow.claimed_until) <= now.timestamp(),
        )
        .order_by(col(OutboxRow.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.exec(wanted))
    for row in rows:
        row.claimed_until = (now + CLAIM).timestamp()
        row.attempts += 1
    session.flush()
    return [_delivery(row) for row in rows]


def is_any_due(session: Session, now: datetime) -> bool:
    wanted = select(OutboxRow.id).where(OutboxRow.status == DeliveryStatus.PENDING, col(OutboxRow.due_at) <= now)
    return session.exec(wanted.limit(1)).first() is not None


def sent(session: Session, delivery: Delivery, now: datetime) -> None:
    _end(session, delivery, now, status=DeliveryStatus.SENT)


def failed(session: Session, delivery: Delivery, now: datetime, *, error: str, is_final: bool) -> None:
    """Due again after a pause, or dead."""
    row = session.get(OutboxRow, delivery.id)
    if row is None or row.status != DeliveryStatus.PENDING:
        return
    if is_final or row.attempts >= MOST_ATTEMPTS:
        _end(session, delivery, now, status=DeliveryStatus.DEAD, error=error)
        return
    row.error, row.claimed_until, row.due_at = error[:300], 0.0, now + pause_after(row.attempts)
    session.flush()


def _end(session: Session, delivery: Delivery, now: datetime, *, status: DeliveryStatus, error: str = "") -> None:
    row = session.get(OutboxRow, delivery.id)
    if row is not None:
        row.status, row.ended_at, row.error, row.claimed_until = status, now, error[:300], 0.0
        session.flush()


def retry(session: Session, delivery_id: int, now: datetime) -> Delivery:
    """A dead one waits again, with all its attempts. NotFound("delivery_missing"), Conflict("delivery_not_dead")."""
    row = session.get(OutboxRow, delivery_id)
    if row is None:
        raise NotFound("delivery_missing", id=delivery_id)
    if row.status != DeliveryStatus.DEAD:
        raise Conflict("delivery_not_dead", id=delivery_id)
    row.status, row.attempts, row.due_at, row.ended_at = DeliveryStatus.PENDING, 0, now, None
    session.flush()
    return _delivery(row)


def page(session: Session, *, status: str = "", offset: int = 0, limit: int = 50) -> Page[Delivery]:
    """The newest first."""
    offset, limit = bounded(offset, limit)
    wanted = select(OutboxRow)
    if status:
        wanted = wanted.where(OutboxRow.status == status)
    total = session.exec(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.exec(wanted.order_by(col(OutboxRow.id).desc()).offset(offset).limit(limit))
    return Page(tuple(_delivery(row) for row in rows), total, offset, limit)


def forget_before(session: Session, at: datetime, *, limit: int = 5_000) -> None:
    """Those that ended before."""
    old = select(OutboxRow.id).where(col(OutboxRow.ended_at) < at).limit(limit)
    session.exec(delete(OutboxRow).where(col(OutboxRow.id).in_(old)))


def _delivery(row: OutboxRow) -> Delivery:
    return Delivery(
        id=row.id or 0,
        kind=ChannelKind(row.kind),
        target=row.target,
        event=row.event,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        channel_id=row.channel_id,
        error=row.error,
        ended_at=row.ended_at,
        document=row.document,
    )


def channels(session: Session) -> tuple[Channel, ...]:
    """By name."""
    return tuple(channel(row) for row in session.exec(select(ChannelRow).order_by(ChannelRow.name)))


def channel_row(session: Session, channel_id: int) -> ChannelRow:
    """NotFound("channel_missing")."""
    row = session.get(ChannelRow, channel_id)
    if row is None:
        raise NotFound("channel_missing", id=channel_id)
    return row


def channel(row: ChannelRow) -> Channel:
    return Channel(
        id=row.id or 0,
        kind=ChannelKind(row.kind),
        name=row.name,
        target=row.target,
        events=tuple(NotificationEvent(event) for event in row.events if event in tuple(NotificationEvent)),
        environments=tuple(row.environments),
        is_enabled=row.is_enabled,
        has_secret=bool(row.sealed),
        created_by=row.created_by,
        created_at=row.created_at,
    )


def drop_waiting(session: Session, channel_id: int, now: datetime) -> None:
    """The waiting messages of a channel that goes are dead."""
    wanted = select(OutboxRow).where(OutboxRow.channel_id == channel_id, OutboxRow.status == DeliveryStatus.PENDING)
    for row in session.exec(wanted):
        row.status, row.ended_at, row.error = DeliveryStatus.DEAD, now, "channel_removed"
    session.flush()
