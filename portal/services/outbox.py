"""Hands messages over: at least once, in order for each receiver, with bounded tries; dead ones can be seen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from portal.domain.access import EVERYWHERE, Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.errors import PortalError, Unavailable
from portal.domain.notification import ChannelKind, Delivery, Message
from portal.domain.page import Page
from portal.i18n import LOCALES, t
from portal.kit import failpoints
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.ports.notifier import Notifier
from portal.services.audit import Audit
from portal.services.secret_box import SecretBox
from portal.store import outbox as store
from portal.store.database import Database

AT_ONCE = 8
LOOK_SECONDS = 1.0
KEPT = timedelta(days=14)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """What messages go out by: notifiers by kind of channel (for a kind without one every message waits), the box of
    their secrets, and the address that begins all links.
    """

    notifiers: Mapping[ChannelKind, Notifier]
    box: SecretBox
    base_url: str | None = None


class Outbox:
    def __init__(self, database: Database, clock: Clock, audit: Audit, *, topics: Topics, post: Post) -> None:
        self._database, self._clock, self._audit, self._topics = database, clock, audit, topics
        self.post, self._seen = post, -1

    def work(self) -> None:
        """Deliver what is due, or wait a moment for news."""
        if not self.deliver():
            self._seen = self._topics.wait("outbox", self._seen, timeout_seconds=LOOK_SECONDS)

    def deliver(self) -> int:
        """Try every message that is due now, one a receiver; how many were tried."""
        with self._database.reading() as session:
            if not store.is_any_due(session, self._clock.now()):
                return 0
        with self._database.transaction() as session:
            claimed = store.claim(session, self._clock.now(), limit=AT_ONCE)
        if claimed:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outbox") as pool:
                list(pool.map(self._try, claimed))
        return len(claimed)

    def send_now(self, delivery: Delivery) -> None:
        """Hand one over without the queue. Unavailable("delivery_failed"), Refused("delivery_refused")."""
        self._notifier(delivery.kind).send(self.message(delivery))

    def _try(self, delivery: Delivery) -> None:
        try:
            self._notifier(delivery.kind).send(self.message(delivery))
        except PortalError as error:
            self._failed(delivery, error)
            return
        failpoints.hit("outbox.sent")
        with self._database.transaction() as session:
            store.sent(session, delivery, self._clock.now())

    def _failed(self, delivery: Delivery, error: PortalError) -> None:
        is_transient = isinstance(error, Unavailable) and error.is_transient
        reason = error.params.get("reason", error.code)
        _log.warning("not delivered", extra={"delivery": delivery.id, "code": error.code, "reason": reason})
        with self._database.transaction() as session:
            store.failed(session, delivery, self._clock.now(), error=reason, is_final=not is_transient)

    def _notifier(self, kind: ChannelKind) -> Notifier:
        found = self.post.notifiers.get(kind)
        if found is None:
            raise Unavailable("delivery_failed", reason=f"no {kind} server is set")
        return found

    def message(self, delivery: Delivery) -> Message:
        """In the reader's language; in both where nobody in particular reads."""
        base = self.post.base_url
        href = base + delivery.document.get("href", "") if base else ""
        wanted = delivery.document.get("locale", "")
        locales = (wanted,) if wanted in LOCALES else tuple(reversed(LOCALES))
        params = {name: value for name, value in delivery.document.items() if name not in ("href", "locale")}
        key, spoken = f"notification.{delivery.event}", {"cause": "", **params}
        lines = [t(locale, key, **spoken).strip() for locale in locales]
        at = delivery.created_at.isoformat()
        document = {"event": delivery.event, "at": at, "text": lines[0], "link": href, **params}
        return Message(
            key=f"{delivery.id}",
            event=delivery.event,
            target=delivery.target,
            subject=f"[Codex Father] {lines[0]}",
            text="\n\n".join([*lines, href] if href else lines) + "\n",
            document=document,
            secret=self._secret(delivery.channel_id),
        )

    def _secret(self, channel_id: int | None) -> str:
        if channel_id is None:
            return ""
        with self._database.reading() as session:
            sealed = store.channel_row(session, channel_id).sealed
        return self.post.box.open(sealed, about=f"channel/{channel_id}").decode() if sealed else ""

    def page(self, actor: Actor, *, status: str = "", offset: int = 0, limit: int = 50) -> Page[Delivery]:
        """What went out and what could not, the newest first."""
        demand(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
        with self._database.reading() as session:
            return store.page(session, status=status, offset=offset, limit=limit)

    def retry(self, actor: Actor, delivery_id: int) -> Delivery:
        """A dead message is tried again from the beginning. NotFound("delivery_missing"), Conflict(…)."""
        demand(actor, Permission.CHANNEL_EDIT, EVERYWHERE)
        with self._database.transaction() as session:
            waiting = store.retry(session, delivery_id, self._clock.now())
            entry = AuditEntry(actor.name, actor.kind, "delivery.retried", "delivery", str(delivery_id))
            self._audit.record(session, entry)
        self._topics.publish("outbox")
        return waiting

    def forget_old(self) -> None:
        with self._database.transaction() as session:
            store.forget_before(session, self._clock.now() - KEPT)
