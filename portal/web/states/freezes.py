"""Freeze windows of an environment: added, changed and ended beside its calendar."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from portal.domain.access import EVERYWHERE, Permission
from portal.domain.environment import FreezeWindow, check_freeze
from portal.domain.errors import Invalid, PortalError
from portal.web import arguments
from portal.web.policy import requires
from portal.web.states.session import SessionState, actor_of, tell
from portal.web.words import Words, error_words, words
from portal.wiring import core

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class FreezeForm:
    """What the form shows; `id` 0 for a new one. Times are those of the clock in `zone`."""

    id: int = 0
    name: str = ""
    environment: str = ""
    zone: str = "UTC"
    kind: str = "once"
    starts_at: str = ""
    ends_at: str = ""
    from_time: str = "18:00"
    to_time: str = "08:00"
    days: list[str] = field(default_factory=list[str])


class FreezesState(rx.State):
    is_open: bool = False
    form: FreezeForm = FreezeForm()
    kind: str = "once"
    ending: FreezeForm = FreezeForm()
    trouble: Words = Words()

    @rx.event
    @requires(Permission.FREEZE_EDIT)
    async def open_new(self, environment: str, zone: str) -> None:
        place = arguments.text(environment, longest=60)
        self.form = FreezeForm(environment=place, zone=arguments.text(zone, longest=60) or "UTC")
        self.kind, self.is_open, self.trouble = "once", True, Words()

    @rx.event
    @requires(Permission.FREEZE_EDIT)
    async def open_one(self, freeze_id: int) -> None:
        found = await self._found(freeze_id)
        if found is not None:
            self.form = _shown(found)
            self.kind, self.is_open, self.trouble = self.form.kind, True, Words()

    @rx.event
    @requires(Permission.FREEZE_EDIT)
    async def ask_end(self, freeze_id: int) -> None:
        found = await self._found(freeze_id)
        if found is not None:
            self.ending, self.trouble = _shown(found), Words()

    async def _found(self, freeze_id: object) -> FreezeWindow | None:
        every = await asyncio.to_thread(core().catalogue.freezes, await actor_of(self))
        return next((window for window in every if window.id == freeze_id), None)

    @rx.event
    @requires(Permission.VIEW)
    def choose_kind(self, kind: str) -> None:
        self.kind = "weekly" if kind == "weekly" else "once"

    @rx.event
    @requires(Permission.VIEW)
    def close(self) -> None:
        self.is_open, self.ending, self.trouble = False, FreezeForm(), Words()

    @rx.event
    @requires(Permission.FREEZE_EDIT)
    async def save(self, form: dict[str, Any]) -> None:
        actor, catalogue, number = await actor_of(self), core().catalogue, self.form.id
        try:
            window = _window(form, number, self.kind)
            act = catalogue.change_freeze if number else catalogue.add_freeze
            await asyncio.to_thread(act, actor, window, reason=arguments.field(form, "reason"))
        except PortalError as error:
            self.trouble = error_words(error)
            return
        await self._done("freeze.saved", window.name)

    @rx.event
    @requires(Permission.FREEZE_EDIT)
    async def end(self, form: dict[str, Any]) -> None:
        actor, ending = await actor_of(self), self.ending
        try:
            reason = arguments.field(form, "reason")
            await asyncio.to_thread(core().catalogue.end_freeze, actor, ending.id, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        await self._done("freeze.ended", ending.name)

    async def _done(self, key: str, name: str) -> None:
        self.is_open, self.ending, self.trouble = False, FreezeForm(), Words()
        core().topics.publish("rollouts")
        tell(await self.get_state(SessionState), words(key, name=name))


def _shown(window: FreezeWindow) -> FreezeForm:
    zone = ZoneInfo(window.zone)
    moments = [f"{m.astimezone(zone):%Y-%m-%dT%H:%M}" if m else "" for m in (window.starts_at, window.ends_at)]
    return FreezeForm(
        id=window.id,
        name=window.name,
        environment=window.environment,
        zone=window.zone,
        kind="once" if window.starts_at else "weekly",
        starts_at=moments[0],
        ends_at=moments[1],
        from_time=f"{window.from_time:%H:%M}",
        to_time=f"{window.to_time:%H:%M}",
        days=list(window.days),
    )


def _window(form: dict[str, Any], number: int, kind: str) -> FreezeWindow:
    """Invalid(…) for what is no time, zone or day. A time of day is one of the clock in the zone."""
    place = arguments.field(form, "environment", longest=60) or EVERYWHERE
    zone = arguments.field(form, "zone", longest=60)
    name = arguments.field(form, "name", longest=100)
    plain = FreezeWindow(number, name, place, zone=zone)
    if kind == "weekly":
        days = tuple(day for day in DAYS if form.get(f"day_{day}"))
        times = [_time(arguments.field(form, part, longest=20)) for part in ("from_time", "to_time")]
        return check_freeze(FreezeWindow(number, name, place, zone, days=days, from_time=times[0], to_time=times[1]))
    check_freeze(FreezeWindow(number, name or "?", place, plain.zone, days=("mon",)))  # the zone has to be one
    moments = [_moment(arguments.field(form, part, longest=30), zone) for part in ("starts_at", "ends_at")]
    return check_freeze(FreezeWindow(number, name, place, zone, starts_at=moments[0], ends_at=moments[1]))


def _moment(written: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Invalid("time_bad", field="starts_at", time=written) from None


def _time(written: str) -> time:
    try:
        return time.fromisoformat(written).replace(tzinfo=None)
    except ValueError:
        raise Invalid("time_bad", field="from_time", time=written) from None
