"""Environments as cards in the order of promotion, and what one of them asks for before something gets in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.domain.environment import Environment, FreezeWindow, freeze_at
from portal.domain.rollout_view import MatrixCell
from portal.i18n.times import moment
from portal.web.presenters.marks import (
    IDLE,
    OK,
    WARN,
    Badge,
    duration_words,
    environment_words,
    epoch,
    health_badge,
)
from portal.web.presenters.matrix import Cell, cell_of
from portal.web.presenters.rollout import Fact
from portal.web.words import Words, words

MOST_SPOTS = 6


@dataclass(frozen=True, slots=True)
class Spot:
    """A service that runs there."""

    service: str
    version: str
    health: Badge


@dataclass(frozen=True, slots=True)
class Card:
    """`frozen_until` is when the freeze that holds now ends, 0 for none."""

    name: str = ""
    label: Words = Words()
    stage: Words = Words()
    href: str = ""
    description: str = ""
    health: Badge = Badge()
    services: Words = Words()
    spots: tuple[Spot, ...] = ()
    more: int = 0
    rules: tuple[Words, ...] = ()
    moving: int = 0
    frozen_by: str = ""
    frozen_until: float = 0.0
    is_archived: bool = False
    owners: str = ""
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service in an environment."""

    service: str
    href: str
    cell: Cell
    history: str


def card(
    environment: Environment, cells: Sequence[MatrixCell], freezes: tuple[FreezeWindow, ...], now: datetime
) -> Card:
    own = [c for c in cells if c.environment == environment.name]
    window = freeze_at(freezes, environment.name, now)
    return Card(
        name=environment.name,
        label=environment_words(environment.name),
        stage=words(f"stage.{environment.stage}"),
        href=f"/environments/{environment.name}",
        description=environment.description,
        health=_health(own),
        services=words("environments.services", n=sum(bool(c.version) for c in own)),
        spots=tuple(Spot(c.service, c.version, health_badge(c.health)) for c in own if c.version)[:MOST_SPOTS],
        more=max(0, sum(bool(c.version) for c in own) - MOST_SPOTS),
        rules=tuple(fact.text for fact in rules(environment) if fact.tone != IDLE),
        moving=sum(c.rollout_id is not None for c in own),
        frozen_by=window.name if window else "",
        frozen_until=epoch(window.ends_after(now)) if window else 0.0,
        is_archived=environment.is_archived,
        owners=", ".join(environment.owners),
        expires_at=epoch(environment.expires_at),
    )


def _health(cells: Sequence[MatrixCell]) -> Badge:
    """The worst of what runs there."""
    seen = {c.health for c in cells if c.version}
    worst = next((health for health in ("failing", "degraded", "waiting", "ok") if health in seen), "none")
    return health_badge(worst)


def service_lines(name: str, cells: Sequence[MatrixCell]) -> list[ServiceLine]:
    """What runs there, and what could but does not."""
    own = sorted((c for c in cells if c.environment == name), key=lambda c: (not c.version, c.service))
    return [
        ServiceLine(
            c.service, f"/services/{c.service}", cell_of(c), f"/rollouts?service={c.service}&environment={name}"
        )
        for c in own
    ]


def rules(environment: Environment) -> list[Fact]:
    """The protection as sentences; what is not asked for says so, in the tone of what does not matter."""
    protection = environment.protection
    role = words(f"role.{protection.approver_role}")
    after = protection.after_environment
    return [
        _rule(
            protection.approvals > 0,
            "approvals",
            n=protection.approvals,
            role=role,
            hours=duration_words(3600 * protection.approval_hours),
        ),
        _rule(bool(after), "after", environment=environment_words(after) if after else Words()),
        _rule(protection.wait_seconds > 0, "wait", time=duration_words(protection.wait_seconds)),
        _rule(bool(protection.signature_key), "signature"),
    ]


def _rule(is_asked: bool, name: str, **given: object) -> Fact:
    if is_asked:
        return Fact(OK, "shield-check", words(f"rule.{name}", **given))
    return Fact(IDLE, "circle", words(f"rule.no_{name}"))


@dataclass(frozen=True, slots=True)
class FreezeLine:
    """A freeze window in words."""

    id: int
    name: str
    where: Words
    when: Words
    badge: Badge
    can_edit: bool


def freeze_line(window: FreezeWindow, now: datetime, *, can_edit: bool) -> FreezeLine:
    return FreezeLine(
        window.id, window.name, environment_words(window.environment), _when(window), _state(window, now), can_edit
    )


def _state(window: FreezeWindow, now: datetime) -> Badge:
    if window.is_active(now):
        return Badge(WARN, "snowflake", words("freeze.active"))
    if window.ends_at is not None and window.ends_at <= now:
        return Badge(IDLE, "check", words("freeze.past"))
    return Badge(IDLE, "clock", words("freeze.upcoming" if window.starts_at else "freeze.weekly"))


def _when(window: FreezeWindow) -> Words:

    if window.starts_at is not None and window.ends_at is not None:
        zone = ZoneInfo(window.zone)
        start, end = (_moment(at, zone) for at in (window.starts_at, window.ends_at))
        return words("freeze.once_at", start=start, end=end, zone=window.zone)
    days = _joined_days(window.days)
    start, end = window.from_time.strftime("%H:%M"), window.to_time.strftime("%H:%M")
    return words("freeze.weekly_at", days=days, start=start, end=end, zone=window.zone)


def _moment(at: datetime, zone: ZoneInfo) -> Words:
    return Words(moment("en", at, zone=zone), moment("zh", at, zone=zone))


def _joined_days(days: Sequence[str]) -> Words:
    spoken = [words(f"day.{day}") for day in days]
    return Words(", ".join(day.en for day in spoken), "、".join(day.zh for day in spoken))
