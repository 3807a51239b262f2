"""What a person was told, in words, and how they like to be told."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.notification import Notification, NotificationEvent, NotificationPreferences, Way
from portal.domain.rollout import Cause
from portal.web.presenters.marks import BAD, IDLE, OK, WAIT, environment_words, epoch
from portal.web.words import Words, cause_words, words

_LOOKS = {
    NotificationEvent.APPROVAL_WANTED: (WAIT, "user-check"),
    NotificationEvent.ROLLOUT_STOPPED: (BAD, "octagon-alert"),
    NotificationEvent.ROLLOUT_FINISHED: (OK, "check"),
    NotificationEvent.FEEDBACK_ANSWERED: (OK, "life-buoy"),
    NotificationEvent.MENTION: (IDLE, "eye"),
    NotificationEvent.SECRET_DUE: (WAIT, "key-round"),
    NotificationEvent.NOT_HEALED: (BAD, "heart-pulse"),
    NotificationEvent.BACKUP_ALARM: (BAD, "octagon-alert"),
}


@dataclass(frozen=True, slots=True)
class NoticeLine:
    id: int = 0
    text: Words = Words()
    href: str = ""
    at: float = 0.0
    tone: str = IDLE
    icon: str = "circle"
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One event with the ways that are chosen for it."""

    event: str
    label: Words
    bell: bool
    browser: bool
    email: bool


def notice_line(notification: Notification) -> NoticeLine:
    tone, icon = _LOOKS[notification.event]
    params: dict[str, object] = {"cause": Words(" ", " "), **notification.params}
    if code := notification.params.get("cause"):
        params["cause"] = cause_words(Cause(code, dict(notification.params)))
    if notification.environment:
        params["environment"] = environment_words(notification.environment)
    return NoticeLine(
        id=notification.id,
        text=words(f"notification.{notification.event}", **params),
        href=notification.href,
        at=epoch(notification.at),
        tone=tone,
        icon=icon,
        is_read=notification.read_at is not None,
    )


def choices(preferences: NotificationPreferences) -> list[Choice]:
    return [
        Choice(
            str(event),
            words(f"notifications.event.{event}"),
            *(preferences.has(event, way) for way in (Way.BELL, Way.BROWSER, Way.EMAIL)),
        )
        for event in NotificationEvent
    ]
