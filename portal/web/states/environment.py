"""One environment: what runs there, what protects it, when it is frozen, and what happened."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.audit import AuditQuery
from portal.domain.environment import FreezeWindow
from portal.domain.errors import NotFound
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.calendar import Month, month
from portal.web.presenters.environments import (
    Card,
    FreezeLine,
    ServiceLine,
    card,
    freeze_line,
    rules,
    service_lines,
)
from portal.web.presenters.rollout import Fact
from portal.web.presenters.timeline import Line, lines
from portal.web.states.archiving import Archiving, verb_for
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

TABS = ("services", "rules", "freezes", "data", "history")
MOST_LINES = 60


class EnvironmentState(Archiving, rx.State):
    is_loaded: bool = False
    missing: Words = Words()
    tab: str = "services"
    card: Card = Card()
    rows: list[ServiceLine] = []
    rules: list[Fact] = []
    plan: str = ""
    freezes: list[FreezeLine] = []
    month: Month = Month()
    zones: list[str] = []
    lines: list[Line] = []
    can_edit: bool = False
    can_freeze: bool = False
    can_read: bool = False

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async with self:
            self.reset()
        async for _ in beats(self, "rollouts"):
            async with self, telling(self):
                if not await self._look():
                    return

    async def _look(self) -> bool:
        """Bring the page up to date; False if there is nothing to look at."""
        try:
            (name,) = arguments.segments(self, 1)
            wanted = {key: arguments.query(self, key) for key in ("month", "zone")}
            seen = await asyncio.to_thread(_fetch, await actor_of(self), name, wanted)
        except NotFound as error:
            put(self, missing=error_words(error))
            return False
        tab = arguments.query(self, "tab")
        put(self, is_loaded=True, tab=tab if tab in TABS else TABS[0], **seen)
        return True

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def ask_archive(self) -> None:
        name, verb = self.card.name, verb_for(is_archived=self.card.is_archived)
        self._ask(
            name,
            verb,
            title=words(f"environment.{verb}_title", name=name),
            more=words(f"environment.{verb}_more", name=name),
        )

    @rx.event
    @requires(Permission.ENVIRONMENT_EDIT)
    async def archive(self, form: dict[str, str]) -> None:
        change = core().catalogue.archive_environment
        if await self._put_away(form, change, is_archived=not self.card.is_archived):
            await self._look()


def _fetch(actor: Actor, name: str, wanted: dict[str, str]) -> dict[str, object]:
    catalogue, now = core().catalogue, core().clock.now()
    environment, freezes = catalogue.environment(actor, name), catalogue.freezes(actor)
    cells = core().deployments.matrix(actor)
    own = tuple(window for window in freezes if window.environment in ("*", name))
    zones = list(dict.fromkeys([*(window.zone for window in own), "Asia/Shanghai", "Europe/Berlin", "UTC"]))
    can_read = may(actor, Permission.AUDIT_READ, name)
    entries = core().audit.page(actor, AuditQuery(environment=name, limit=MOST_LINES)).items if can_read else ()
    return {
        "card": card(environment, cells, freezes, now),
        "rows": service_lines(name, cells),
        "rules": rules(environment),
        "plan": environment.plan,
        "freezes": [_freeze(actor, window) for window in own],
        "month": month(own, wanted["month"], _zone(wanted["zone"], zones), now=now),
        "zones": zones,
        "lines": lines(entries),
        "can_edit": may(actor, Permission.ENVIRONMENT_EDIT, name),
        "can_freeze": may(actor, Permission.FREEZE_EDIT, name),
        "can_read": can_read,
    }


def _freeze(actor: Actor, window: FreezeWindow) -> FreezeLine:
    can_edit = may(actor, Permission.FREEZE_EDIT, window.environment)
    return freeze_line(window, core().clock.now(), can_edit=can_edit)


def _zone(wanted: str, zones: list[str]) -> str:
    """The zone of the address if there is one of this name, else the first window's."""
    try:
        return ZoneInfo(wanted).key if wanted else zones[0]
    except (ZoneInfoNotFoundError, ValueError):
        return zones[0]
