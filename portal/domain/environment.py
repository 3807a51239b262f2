"""An environment, the rules that protect it, and the windows in which nothing is rolled out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.domain.access import PERMISSIONS_OF, Permission, Role
from portal.domain.errors import Invalid


class Stage(StrEnum):
    DEV = "dev"
    TEST = "test"
    STAGING = "staging"
    PROD = "prod"
    DR = "dr"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Protection:
    """What has to be true before a release gets into the environment.

    `approvals` is how many people other than the requester must agree (role `approver_role` or above it by permission);
    an approval lives `approval_hours`. `after_environment` must have run the same image before. `signature_key` is a
    PEM public key: an image without a valid cosign signature by it is refused. `wait_seconds` passes before the start.
    """

    approvals: int = 0
    approver_role: Role = Role.RELEASE_MANAGER
    approval_hours: int = 24
    wait_seconds: int = 0
    after_environment: str = ""
    signature_key: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """An archived one keeps its history, and nothing is rolled out there.

    `position` orders promotion (dev before prod). `network` and `subnet` hold its containers.

    `host_prefix` is put before the hosts of a service ("staging." makes staging.shop.example of shop.example).
    """

    name: str
    stage: Stage
    position: int
    replicas: int = 2
    host_prefix: str = ""
    protection: Protection = Protection()
    plan: str = ""  # YAML of the default plan; empty: the built-in one of the stage
    description: str = ""
    is_archived: bool = False
    owners: tuple[str, ...] = ()
    expires_at: datetime | None = None  # None: it stays
    warned_at: datetime | None = None


def check_environment(environment: Environment) -> Environment:
    """Invalid(…, field=…) for what could not be kept: too many people, somewhere it comes after itself, a role that
    approves nothing.
    """
    protection = environment.protection
    _check_owners(environment)
    if not 1 <= environment.replicas <= 50:
        raise Invalid("replicas_bad", field="replicas")
    if not 0 <= environment.position <= 1000:
        raise Invalid("position_bad", field="position")
    if not _PREFIX.fullmatch(environment.host_prefix):
        raise Invalid("prefix_bad", field="host_prefix", prefix=environment.host_prefix[:60])
    if not (0 <= protection.approvals <= 10 and 1 <= protection.approval_hours <= 8760):
        raise Invalid("approvals_bad", field="approvals")
    if not 0 <= protection.wait_seconds <= 2_592_000:
        raise Invalid("wait_bad", field="wait_seconds")
    if Permission.ROLLOUT_APPROVE not in PERMISSIONS_OF[protection.approver_role]:
        raise Invalid("approver_cannot", field="approver_role", role=protection.approver_role)
    if protection.after_environment == environment.name:
        raise Invalid("after_itself", field="after_environment", environment=environment.name)
    return environment


def _check_owners(environment: Environment) -> None:
    if len(environment.owners) > 20 or not all(_OWNER.fullmatch(owner) for owner in environment.owners):
        raise Invalid("environment_owner_bad", field="owners")


_PREFIX = re.compile(r"(?:[a-z0-9][a-z0-9.-]{0,59})?", re.ASCII)
_OWNER = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class FreezeWindow:
    """A time without rollouts: once (`starts_at` … `ends_at`), or weekly (`days`, `from_time` … `to_time` in `zone`).

    A weekly window whose end is not after its start runs past midnight. `environment` is a name or "*".
    """

    id: int
    name: str
    environment: str
    zone: str = "UTC"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    days: tuple[str, ...] = ()
    from_time: time = time(0, 0)
    to_time: time = time(0, 0)

    def is_active(self, now: datetime) -> bool:
        return self.ends_after(now) is not None

    def ends_after(self, now: datetime) -> datetime | None:
        """When the window that holds `now` ends, or None if none does."""
        if self.starts_at is not None and self.ends_at is not None:
            return self.ends_at if self.starts_at <= now < self.ends_at else None
        here = now.astimezone(ZoneInfo(self.zone))
        for day in (here.date(), here.date() - timedelta(days=1)):
            if _DAYS[day.weekday()] not in self.days:
                continue
            start = datetime.combine(day, self.from_time, here.tzinfo)
            end_day = day if self.to_time > self.from_time else day + timedelta(days=1)
            end = datetime.combine(end_day, self.to_time, here.tzinfo)
            if start <= here < end:
                return end
        return None


def check_freeze(window: FreezeWindow) -> FreezeWindow:
    """Invalid(…, field=…) for an unknown zone or day, a window without length, or one without a name."""
    if not 1 <= len(window.name.strip()) <= 100 or not window.name.isprintable():
        raise Invalid("freeze_name_bad", field="name")
    try:
        ZoneInfo(window.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("zone_bad", field="zone", zone=window.zone[:60]) from None
    once = window.starts_at is not None and window.ends_at is not None
    if once and window.starts_at >= window.ends_at:  # type: ignore[operator]
        raise Invalid("freeze_empty", field="ends_at")
    if not once and (not window.days or any(day not in _DAYS for day in window.days)):
        raise Invalid("freeze_days_bad", field="days")
    return window


def freeze_at(windows: tuple[FreezeWindow, ...], environment: str, now: datetime) -> FreezeWindow | None:
    """The first window that forbids rollouts there now."""
    return next((w for w in windows if w.environment in ("*", environment) and w.is_active(now)), None)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a window holds."""

    freeze_id: int
    name: str
    environment: str
    starts_at: datetime
    ends_at: datetime


def occurrences(window: FreezeWindow, *, start: datetime, end: datetime) -> tuple[Occurrence, ...]:
    """When the window holds between the two moments, in order; for a calendar. At most 370 days are looked at."""
    if window.starts_at is not None and window.ends_at is not None:
        is_seen = window.starts_at < end and window.ends_at > start
        return (_occurrence(window, window.starts_at, window.ends_at),) if is_seen else ()
    zone = ZoneInfo(window.zone)
    first = start.astimezone(zone).date() - timedelta(days=1)
    days = (first + timedelta(days=number) for number in range(min(370, (end - start).days + 3)))
    held = [_on_day(window, day, zone) for day in days if _DAYS[day.weekday()] in window.days]
    return tuple(found for found in held if found.starts_at < end and found.ends_at > start)


def _on_day(window: FreezeWindow, day: date, zone: ZoneInfo) -> Occurrence:
    end_day = day if window.to_time > window.from_time else day + timedelta(days=1)
    begins = datetime.combine(day, window.from_time, zone)
    return _occurrence(window, begins, datetime.combine(end_day, window.to_time, zone))


def _occurrence(window: FreezeWindow, starts_at: datetime, ends_at: datetime) -> Occurrence:
    return Occurrence(window.id, window.name, window.environment, starts_at, ends_at)


def ended(window: FreezeWindow, now: datetime) -> FreezeWindow | None:
    """The window as it is when it ends now: one that runs is cut; what is to come, or comes every week, goes."""
    if window.starts_at is not None and window.starts_at < now:
        return replace(window, ends_at=now)
    return None
