"""Channels that events of rollouts go to beside people: made, changed, tried and removed by who may."""

from __future__ import annotations

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict
from portal.domain.notification import Channel, ChannelKind, ChannelOrder, Delivery, DeliveryStatus, check_channel
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.outbox import Outbox
from portal.services.secret_box import SecretBox
from portal.store import outbox as store
from portal.store.database import Database
from portal.store.tables_notifications import ChannelRow

MOST_CHANNELS = 50


class Channels:
    """Everything takes CHANNEL_EDIT everywhere. A secret goes in and never comes out again."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, *, box: SecretBox, outbox: Outbox) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._box, self._outbox = box, outbox

    def all(self, actor: Actor) -> tuple[Channel, ...]:
        demand(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
        with self._database.reading() as session:
            return store.channels(session)

    def create(self, actor: Actor, order: ChannelOrder) -> Channel:
        """Invalid("channel_name_bad" | "url_bad" | "address_bad"), Conflict("channel_exists" | "too_many_channels")."""
        demand(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
        check_channel(order)
        with self._database.transaction() as session:
            self._check_room(session, order)
            row = ChannelRow(
                kind=order.kind,
                name=order.name,
                target=order.target,
                created_by=actor.name,
                created_at=self._clock.now(),
            )
            session.add(row)
            session.flush()
            self._fill(session, row, order)
            self._record(session, actor, "channel.created", row)
            return store.channel(row)

    def save(self, actor: Actor, channel_id: int, order: ChannelOrder) -> Channel:
        """Change it; its kind stays. An empty secret keeps the present one. NotFound("channel_missing")."""
        demand(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
        check_channel(order)
        with self._database.transaction() as session:
            row = store.channel_row(session, channel_id)
            if row.kind != order.kind:
                raise Conflict("channel_kind_fixed", name=row.name)
            if row.name != order.name:
                self._check_room(session, order)
            self._fill(session, row, order)
            self._record(session, actor, "channel.saved", row)
            return store.channel(row)

    def remove(self, actor: Actor, channel_id: int) -> None:
        """What waits for it in the outbox will not go out any more. NotFound("channel_missing")."""
        demand(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
        with self._database.transaction() as session:
            row = store.channel_row(session, channel_id)
            self._record(session, actor, "channel.removed", row)
            store.drop_waiting(session, channel_id, self._clock.now())
            session.delete(row)

    def test(self, actor: Actor, channel_id: int) -> None:
        """Send a message to it now and wait for the outcome: Unavailable("delivery_failed"), Refused(…)."""
        demand(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
        with self._database.transaction() as session:
            row = store.channel_row(session, channel_id)
            found = store.channel(row)
            self._record(session, actor, "channel.tested", row)
        now = self._clock.now()
        delivery = Delivery(
            id=0,
            kind=found.kind,
            target=found.target,
            event="test",
            status=DeliveryStatus.PENDING,
            attempts=1,
            created_at=now,
            due_at=now,
            channel_id=channel_id,
            document={"channel": found.name, "who": actor.name},
        )
        self._outbox.send_now(delivery)

    def _check_room(self, session: Session, order: ChannelOrder) -> None:
        known = store.channels(session)
        if any(channel.name == order.name for channel in known):
            raise Conflict("channel_exists", name=order.name)
        if len(known) >= MOST_CHANNELS:
            raise Conflict("too_many_channels", most=MOST_CHANNELS)

    def _fill(self, session: Session, row: ChannelRow, order: ChannelOrder) -> None:
        row.name, row.target, row.is_enabled = order.name, order.target, order.is_enabled
        row.events, row.environments = [str(event) for event in order.events], list(order.environments)
        if order.secret and order.kind is ChannelKind.WEBHOOK:
            row.sealed = self._box.seal(order.secret.encode(), about=f"channel/{row.id}")
        session.flush()

    def _record(self, session: Session, actor: Actor, action: str, row: ChannelRow) -> None:
        params = {"kind": row.kind, "target": row.target[:200], "is_enabled": str(row.is_enabled).lower()}
        self._audit.record(session, AuditEntry(actor.name, actor.kind, action, "channel", row.name, params=params))
