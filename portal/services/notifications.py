"""Tells people what concerns them, in the very transaction in which it happens."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Grant, Permission, Role, demand, may
from portal.domain.audit import AuditEntry
from portal.domain.identity import User
from portal.domain.notification import (
    ChannelKind,
    Notification,
    NotificationEvent,
    NotificationPreferences,
    Way,
    check_address,
    mentioned,
)
from portal.domain.page import Page
from portal.domain.rollout import Rollout, State
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.store import catalogue, feedback, outbox, rollouts, users
from portal.store import notifications as store
from portal.store.database import Database
from portal.store.outbox import Parcel

KEPT = timedelta(days=90)
MOST_TOLD = 200
STEPS_ON = frozenset({"rollout.awaiting_approval", "rollout.step_done", "rollout.step_skipped", "rollout.skip"})
EVENT_OF_ACTION = {
    "rollout.rolling_back": NotificationEvent.ROLLOUT_STOPPED,
    "rollout.halted": NotificationEvent.ROLLOUT_STOPPED,
    "rollout.paused": NotificationEvent.ROLLOUT_STOPPED,
    "rollout.succeeded": NotificationEvent.ROLLOUT_FINISHED,
}
_log = logging.getLogger(__name__)


def topic_of(user: str) -> str:
    """News of the person's bell."""
    return f"bell:{user}"


class Notifications:
    def __init__(self, database: Database, clock: Clock, audit: Audit, *, topics: Topics) -> None:
        self._database, self._clock, self._audit, self._topics = database, clock, audit, topics
        audit.listeners.append(self.announce)

    def announce(self, session: Session, entry: AuditEntry) -> None:
        """Whoever is concerned by what the trail has just got is told in the same transaction.

        A failure here is logged and does not undo what happened.
        """
        try:
            with session.begin_nested():
                self._announce(session, entry)
        except Exception:  # noqa: BLE001 - telling about an act must never prevent the act
            _log.exception("not announced", extra={"action": entry.action})

    def _announce(self, session: Session, entry: AuditEntry) -> None:
        if entry.action == "feedback.answered":
            self._tell_asker(session, entry)
        if entry.target_kind == "rollout" and (entry.action in EVENT_OF_ACTION or entry.action in STEPS_ON):
            self._tell_of_rollout(session, entry)
        if entry.action in ("secret.due", "secret.overdue"):
            self._tell_of_secret(session, entry)
        if entry.action == "container.not_healed":
            self._tell_of_illness(session, entry)
        if entry.action == "backup.alarm":
            self._tell_of_backup(session, entry)
        if "@" in entry.reason:
            self._tell_mentioned(session, entry)

    def _tell_of_rollout(self, session: Session, entry: AuditEntry) -> None:
        rollout = rollouts.get(session, int(entry.target))
        event = EVENT_OF_ACTION.get(entry.action)
        if event is None and rollout.state is State.AWAITING_APPROVAL:
            event = NotificationEvent.APPROVAL_WANTED
        if event is None:
            return
        params = {
            **entry.params,
            "service": rollout.service,
            "environment": rollout.environment,
            "version": rollout.to_version,
            "who": rollout.requested_by,
        }
        href = f"/rollouts/{rollout.id}"
        told = (
            self._approvers(session, rollout) if event is NotificationEvent.APPROVAL_WANTED else [rollout.requested_by]
        )
        for name in told[:MOST_TOLD]:
            self._tell(session, name, event, params=params, href=href)
        document = {**params, "href": href, "rollout": str(rollout.id)}
        self._tell_channels(session, event, document, environment=rollout.environment)

    def _tell_of_secret(self, session: Session, entry: AuditEntry) -> None:
        """Those who could rotate it."""
        event, href = NotificationEvent.SECRET_DUE, f"/secrets/{entry.target}"
        params = {**entry.params, "environment": entry.environment}
        able = [user for user in users.users(session) if not user.is_disabled and _may_rotate(user, entry.environment)]
        for user in able[:MOST_TOLD]:
            self._tell(session, user.name, event, params=params, href=href)
        self._tell_channels(session, event, {**params, "href": href}, environment=entry.environment)

    def _tell_of_illness(self, session: Session, entry: AuditEntry) -> None:
        """Whoever may act on containers there."""
        about = {name: value for name, value in entry.params.items() if name != "cause"}
        params = {**about, "container": entry.target, "environment": entry.environment}
        href = f"/containers/{entry.target}"
        able = [user for user in users.users(session) if _may_control(user, entry.environment)]
        for user in able[:MOST_TOLD]:
            self._tell(session, user.name, NotificationEvent.NOT_HEALED, params=params, href=href)
        self._tell_channels(
            session, NotificationEvent.NOT_HEALED, {**params, "href": href}, environment=entry.environment
        )

    def _approvers(self, session: Session, rollout: Rollout) -> list[str]:
        role = catalogue.environment(session, rollout.environment).protection.approver_role
        fitting = [user for user in users.users(session) if _may_approve(user, role, rollout.environment)]
        return [user.name for user in fitting if user.name != rollout.requested_by]

    def _tell_of_backup(self, session: Session, entry: AuditEntry) -> None:
        """Whoever may make backups of the whole portal."""
        event, params = NotificationEvent.BACKUP_ALARM, dict(entry.params)
        for user in users.users(session)[:MOST_TOLD]:
            if may(Actor(user.name, grants=user.grants), Permission.BACKUP_RUN, EVERYWHERE):
                self._tell(session, user.name, event, params=params, href="/recovery")
        self._tell_channels(session, event, {**params, "href": "/recovery"}, environment="")

    def _tell_asker(self, session: Session, entry: AuditEntry) -> None:
        asked = feedback.get(session, int(entry.target))
        event, href = NotificationEvent.FEEDBACK_ANSWERED, f"/support/{asked.id}"
        params = {"who": entry.actor, "page": asked.page}
        if asked.author and asked.author != asked.answered_by:
            self._tell(session, asked.author, event, params=params, href=href)
        self._tell_channels(session, event, {**params, "href": href}, environment="")

    def _tell_mentioned(self, session: Session, entry: AuditEntry) -> None:
        params = {"who": entry.actor, "reason": entry.reason[:300], "action": entry.action, "target": entry.target}
        href = f"/rollouts/{entry.target}" if entry.target_kind == "rollout" else _href(entry)
        for name in mentioned(entry.reason)[:20]:
            if name == entry.actor:
                continue
            person = users.find(session, name)
            grants = users.grants(session, name) if person is not None and not person.is_disabled else ()
            if may(Actor(name, grants=grants), Permission.VIEW, entry.environment or None):
                self._tell(session, name, NotificationEvent.MENTION, params=params, href=href)

    def _tell(
        self, session: Session, user: str, event: NotificationEvent, *, params: dict[str, str], href: str
    ) -> None:
        person = users.find(session, user)
        if person is None or person.is_disabled:
            return
        now, wanted = self._clock.now(), store.preferences(session, user)
        if wanted.has(event, Way.BELL):
            store.add(session, Notification(0, user, event, params, href, now, params.get("environment", "")))
            store.after_commit(session, lambda: self._topics.publish(topic_of(user)))
        if wanted.has(event, Way.EMAIL) and wanted.address:
            document = {**params, "href": href, "locale": person.language}
            outbox.add(session, Parcel(ChannelKind.EMAIL, wanted.address, event, document), now)
            self._wake(session)

    def _tell_channels(
        self, session: Session, event: NotificationEvent, document: dict[str, str], *, environment: str
    ) -> None:
        for channel in outbox.channels(session):
            if channel.wants(event, environment):
                parcel = Parcel(channel.kind, channel.target, event, document, channel.id)
                outbox.add(session, parcel, self._clock.now())
                self._wake(session)

    def _wake(self, session: Session) -> None:
        store.after_commit(session, lambda: self._topics.publish("outbox"))

    def page(self, actor: Actor, *, is_unread: bool = False, offset: int = 0, limit: int = 50) -> Page[Notification]:
        """One's own, the newest first."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.page(session, actor.human, is_unread=is_unread, offset=offset, limit=limit)

    def unread(self, actor: Actor) -> int:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.unread(session, actor.human)

    def mark_read(self, actor: Actor, *, notification_id: int | None = None) -> None:
        """One, or all of one's own; somebody else's stay as they are."""
        demand(actor, Permission.VIEW)
        with self._database.transaction() as session:
            store.mark_read(session, actor.human, self._clock.now(), notification_id=notification_id)
        self._topics.publish(topic_of(actor.human))

    def preferences(self, actor: Actor) -> NotificationPreferences:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.preferences(session, actor.human)

    def set_preferences(self, actor: Actor, wanted: NotificationPreferences) -> NotificationPreferences:
        """Invalid("address_bad")."""
        demand(actor, Permission.VIEW)
        check_address(wanted.address)
        with self._database.transaction() as session:
            store.set_preferences(session, actor.human, wanted)
            ways = {str(event): ", ".join(sorted(chosen)) or "-" for event, chosen in wanted.ways.items()}
            entry = AuditEntry(actor.name, actor.kind, "notification.preferences_set", "user", actor.human, params=ways)
            self._audit.record(session, entry)
        self._topics.publish(topic_of(actor.human))
        return wanted

    def forget_old(self) -> None:
        with self._database.transaction() as session:
            store.forget_before(session, self._clock.now() - KEPT)


def _may_rotate(user: User, environment: str) -> bool:
    return may(Actor(user.name, grants=user.grants), Permission.SECRET_EDIT, environment)


def _may_approve(user: User, role: Role, environment: str) -> bool:
    return not user.is_disabled and any(_fits(grant, role, environment) for grant in user.grants)


def _may_control(user: User, environment: str) -> bool:
    actor = Actor(user.name, grants=user.grants)
    return not user.is_disabled and may(actor, Permission.CONTAINER_CONTROL, environment)


def _fits(grant: Grant, role: Role, environment: str) -> bool:
    return grant.role in (role, Role.ADMINISTRATOR) and grant.environment in ("*", environment)


def _href(entry: AuditEntry) -> str:
    return f"/containers/{entry.target}" if entry.target_kind == "container" else ""
