"""Channels beside people: webhooks and mails, as they are listed and edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.notification import Channel, ChannelKind
from portal.web.presenters.marks import IDLE, OK, Badge, environment_words, joined
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class ChannelLine:
    id: int
    name: str
    kind: Words
    target: str
    badge: Badge
    events: Words
    environments: Words
    has_secret: bool


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """What the form begins with; `id` 0 makes a new one."""

    id: int = 0
    kind: str = ChannelKind.WEBHOOK
    name: str = ""
    target: str = ""
    events: tuple[str, ...] = ()
    environments: str = ""
    is_enabled: bool = True
    has_secret: bool = False


def channel_line(channel: Channel) -> ChannelLine:
    on, off = Badge(OK, "check", words("channel.on")), Badge(IDLE, "circle", words("channel.off"))
    return ChannelLine(
        id=channel.id,
        name=channel.name,
        kind=words(f"channel_kind.{channel.kind}"),
        target=channel.target,
        badge=on if channel.is_enabled else off,
        events=_all_or("events", [words(f"channel_event.{event}") for event in channel.events]),
        environments=_all_or("environments", [environment_words(name) for name in channel.environments]),
        has_secret=channel.has_secret,
    )


def channel_form(channel: Channel) -> ChannelForm:
    return ChannelForm(
        id=channel.id,
        kind=channel.kind,
        name=channel.name,
        target=channel.target,
        events=tuple(str(event) for event in channel.events),
        environments=", ".join(channel.environments),
        is_enabled=channel.is_enabled,
        has_secret=channel.has_secret,
    )


def _all_or(what: str, named: Sequence[Words]) -> Words:
    return joined(list(named), " · ") if named else words(f"channel.all_{what}")
