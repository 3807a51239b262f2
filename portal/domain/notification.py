"""What people are told without asking: events that concern them, by which way, and messages on their way out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from portal.domain.errors import Invalid

MENTION = re.compile(r"(?<![\w@.])@([a-z0-9][a-z0-9._-]{0,62})", re.ASCII)
ADDRESS = re.compile(r"[^\s@<>,;:\"\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII)
MOST_ADDRESSES, LONGEST_URL, LONGEST_NAME = 20, 500, 60
MOST_ATTEMPTS = 11
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)


class NotificationEvent(StrEnum):
    APPROVAL_WANTED = "approval_wanted"
    ROLLOUT_STOPPED = "rollout_stopped"
    ROLLOUT_FINISHED = "rollout_finished"
    FEEDBACK_ANSWERED = "feedback_answered"
    MENTION = "mention"
    SECRET_DUE = "secret_due"
    NOT_HEALED = "not_healed"
    BACKUP_ALARM = "backup_alarm"


class Way(StrEnum):
    """How a person is told: in the portal, by their browser, by e-mail."""

    BELL = "bell"
    BROWSER = "browser"
    EMAIL = "email"


class ChannelKind(StrEnum):
    WEBHOOK = "webhook"
    EMAIL = "email"


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing that somebody is told. Its words are `notification.<event>`, with `params` filled in."""

    id: int
    user: str
    event: NotificationEvent
    params: Mapping[str, str]
    href: str
    at: datetime
    environment: str = ""
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotificationPreferences:
    """Which event by which ways. `address` is where e-mails go; without one none are sent."""

    address: str = ""
    ways: Mapping[NotificationEvent, frozenset[Way]] = field(
        default_factory=lambda: dict.fromkeys(NotificationEvent, frozenset({Way.BELL}))
    )

    def has(self, event: NotificationEvent, way: Way) -> bool:
        return way in self.ways.get(event, frozenset({Way.BELL}))


@dataclass(frozen=True, slots=True)
class Channel:
    """Where events of rollouts go beside people. `target` is a URL or e-mail addresses with commas between.

    Empty `events` and `environments` mean all of them.
    """

    id: int
    kind: ChannelKind
    name: str
    target: str
    events: tuple[NotificationEvent, ...] = ()
    environments: tuple[str, ...] = ()
    is_enabled: bool = True
    has_secret: bool = False
    created_by: str = ""
    created_at: datetime | None = None

    def wants(self, event: NotificationEvent, environment: str) -> bool:
        is_wanted = not self.events or event in self.events
        return self.is_enabled and is_wanted and (not self.environments or environment in self.environments)


@dataclass(frozen=True, slots=True)
class ChannelOrder:
    """A channel as somebody wants it. `secret` signs webhooks; empty keeps the present one."""

    kind: ChannelKind
    name: str
    target: str
    secret: str = field(default="", repr=False)
    events: tuple[NotificationEvent, ...] = ()
    environments: tuple[str, ...] = ()
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """What a notifier sends. `key` is the same for every attempt, so that the receiver can tell a repetition."""

    key: str
    event: str
    target: str
    subject: str
    text: str
    document: Mapping[str, object] = field(default_factory=dict[str, object])
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in the outbox. `status` dead: it was tried often enough, or the receiver does not want it."""

    id: int
    kind: ChannelKind
    target: str
    event: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    due_at: datetime
    channel_id: int | None = None
    error: str = ""
    ended_at: datetime | None = None
    document: Mapping[str, str] = field(default_factory=dict[str, str])


def mentioned(text: str) -> tuple[str, ...]:
    """The names after @ in a reason, each once."""
    return tuple(dict.fromkeys(name.rstrip(".-_") for name in MENTION.findall(text)))


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: five seconds, then twice as long each time, an hour at most."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))


def check_address(text: str) -> str:
    """Invalid("address_bad")."""
    if text and not ADDRESS.fullmatch(text):
        raise Invalid("address_bad", field="address", value=text[:80])
    return text


def check_channel(order: ChannelOrder) -> ChannelOrder:
    """Invalid("channel_name_bad" | "address_bad" | "url_bad")."""
    if not 1 <= len(order.name.strip()) <= LONGEST_NAME or not order.name.isprintable():
        raise Invalid("channel_name_bad", field="name", limit=LONGEST_NAME)
    if order.kind is ChannelKind.EMAIL:
        addresses = [part.strip() for part in order.target.split(",")]
        if not 1 <= len(addresses) <= MOST_ADDRESSES or not all(addresses):
            raise Invalid("address_bad", field="target", value=order.target[:80])
        for address in addresses:
            check_address(address)
        return order
    _check_url(order.target)
    return order


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    else:
        is_good = is_good and not parts.username and not parts.password and not parts.fragment
    if not is_good or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("url_bad", field="target", value=url[:80])
