"""A month of freezes: weeks that begin on Monday, in one time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.domain.environment import FreezeWindow, Occurrence, occurrences
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a freeze that falls on a day: "18:00–24:00"."""

    id: int
    name: str
    hours: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Day:
    number: int
    iso: str
    is_today: bool
    is_outside: bool
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """`previous` and `following` name the neighbours as `2026-03`."""

    title: Words = Words()
    zone: str = "UTC"
    weeks: tuple[tuple[Day, ...], ...] = ()
    previous: str = ""
    following: str = ""
    here: str = ""


def month(windows: Sequence[FreezeWindow], wanted: str, zone: str, *, now: datetime) -> Month:
    """The month `wanted` ("2026-03"); the present one for anything that is none."""
    here = ZoneInfo(zone)
    first = _first(wanted) or now.astimezone(here).date().replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    start = first - timedelta(days=first.weekday())
    count = 7 * (-(-((after - start).days) // 7))
    begin = datetime.combine(start, time(), here)
    end = datetime.combine(start + timedelta(days=count), time(), here)
    held = [found for window in windows for found in occurrences(window, start=begin, end=end)]
    days = [_day(start + timedelta(days=n), held, first=first, now=now.astimezone(here)) for n in range(count)]
    return Month(
        title=words("calendar.month", year=first.year, month=words(f"month.{first.month}")),
        zone=zone,
        weeks=tuple(tuple(days[n : n + 7]) for n in range(0, count, 7)),
        previous=f"{first - timedelta(days=1):%Y-%m}",
        following=f"{after:%Y-%m}",
        here=f"{first:%Y-%m}",
    )


def _first(wanted: str) -> date | None:
    try:
        found = datetime.strptime(wanted, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def _day(day: date, held: Sequence[Occurrence], *, first: date, now: datetime) -> Day:
    """`now` is in the zone of the calendar."""
    start = datetime.combine(day, time(), now.tzinfo)
    end = datetime.combine(day + timedelta(days=1), time(), now.tzinfo)
    found = [o for o in held if o.starts_at < end and o.ends_at > start]
    stretches = tuple(
        Stretch(o.freeze_id, o.name, _hours(o, start, end), o.starts_at <= now < o.ends_at)
        for o in sorted(found, key=lambda o: o.starts_at)
    )
    return Day(day.day, day.isoformat(), day == now.date(), day.month != first.month, stretches)


def _hours(held: Occurrence, start: datetime, end: datetime) -> str:
    begins, ends = max(held.starts_at, start).astimezone(start.tzinfo), min(held.ends_at, end)
    last = "24:00" if ends >= end else f"{ends.astimezone(start.tzinfo):%H:%M}"
    return f"{begins:%H:%M}\N{EN DASH}{last}"
