"""Whether this portal only shows itself: containers or traffic in memory instead of a real engine and proxy."""

from __future__ import annotations

from portal.wiring import core


def is_demonstration() -> bool:
    parts = (core().containers, core().traffic)
    return any(type(part).__module__.startswith("portal.adapters.memory") for part in parts)
