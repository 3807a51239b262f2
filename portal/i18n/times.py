"""Times in sentences that the server makes: how long, how long ago, and when; said as the pages say them (time.jsx)."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from portal.i18n import normal_locale, t

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def span(locale: str, seconds: float) -> str:
    """How long, roughly: "2 min", "4 h", "1 h 30 min"; "0.2 s" below ten seconds."""
    if seconds < 10 and seconds != int(seconds):
        return t(locale, "unit.seconds", n=f"{seconds:.1f}")
    whole = round(seconds)
    parts = [(whole // 86400, "days"), (whole % 86400 // 3600, "hours"), (whole % 3600 // 60, "minutes")]
    if whole < 600:
        parts.append((whole % 60, "seconds"))
    spoken = [t(locale, f"unit.{unit}", n=number) for number, unit in parts if number]
    return " ".join(spoken[:2]) if spoken else t(locale, "unit.seconds", n=0)


def ago(locale: str, passed: timedelta) -> str:
    """How long ago, in the largest unit that fits: "5 minutes ago", "yesterday", "now"; what is to come is now too."""
    whole = max(0, int(passed.total_seconds()))
    unit, length = next(((name, size) for name, size in _UNITS if whole >= size), _UNITS[-1])
    number = whole // length
    if number == 0:
        return t(locale, "ago.now")
    named = {("day", 1): "yesterday", ("day", 2): "two_days"}
    return t(locale, f"ago.{named.get((unit, number), unit)}", n=number)


def moment(locale: str, at: datetime, *, zone: tzinfo | None = None) -> str:
    """Date and time of day, by the clock of the zone (that of this machine if none is given): "24 Nov 2026, 16:30"."""
    shown = at.astimezone(zone)
    if normal_locale(locale) == "zh":
        return f"{shown.year}年{shown.month}月{shown.day}日 {shown:%H:%M}"
    return f"{shown.day} {t(locale, f'month.{shown.month}')} {shown.year}, {shown:%H:%M}"
