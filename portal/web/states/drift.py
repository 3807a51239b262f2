"""Drift, live: what differs with its filters in the address, how environments stand, and what is done about it."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.drift import SORTS, DriftQuery, Finding, Look, Rule, Severity
from portal.domain.errors import PortalError
from portal.domain.healing import HealingMode
from portal.domain.page import Page
from portal.services.drift_watch import TOPIC
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.drift import DriftCard, DriftLine, drift_card, drift_line
from portal.web.presenters.marks import Option, environment_words
from portal.web.states.listing import Listing
from portal.web.states.live import beats, put
from portal.web.states.proof import Asking
from portal.web.states.session import actor_of, telling
from portal.web.words import error_words, words
from portal.wiring import core

FILTERS = ("environment", "service", "severity", "look", "text")
IGNORED_DAYS = 7


class DriftState(Listing, Asking, rx.State):
    rows: list[DriftLine] = []
    cards: list[DriftCard] = []
    environments: list[Option] = []
    services: list[str] = []
    severities: list[Option] = []
    looks: list[Option] = []

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, TOPIC, at_least_seconds=2.0):
            async with self, telling(self):
                await self._look()

    async def _look(self) -> None:
        wanted, order = self._wanted(*FILTERS), self._sort(SORTS)
        look = wanted["look"] if wanted["look"] in tuple(Look) else Look.OPEN
        start = arguments.offset(self)
        query = DriftQuery(**{**wanted, "look": look}, sort=order, offset=start, limit=PAGE_SIZE)
        try:
            page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        except PortalError as error:
            put(self, trouble=error_words(error), is_loaded=True)
            return
        put(self, **seen)
        self._show(page, wanted, sorts=SORTS)

    @rx.event
    @requires(Permission.CONTAINER_CONTROL)
    async def repair(self, form: dict[str, str]) -> object:
        """Where an operation does it, its page is shown."""
        number = self.subject
        done = await self._do(
            form,
            lambda actor, reason: core().drift.repair(actor, arguments.number(number), reason=reason),
            told=words("done.drift_repair"),
        )
        if done is not None and done.made is not None:
            return rx.redirect(f"/operations/{done.made.id}")
        await self._look()
        return None

    @rx.event
    @requires(Permission.VIEW)
    async def adopt(self, form: dict[str, str]) -> None:
        """What it takes depends on what is adopted: the service asks for it."""
        number = self.subject
        await self._do(
            form,
            lambda actor, reason: core().drift.adopt(actor, arguments.number(number), reason=reason),
            told=words("done.drift_adopted"),
        )
        await self._look()

    @rx.event
    @requires(Permission.CONTAINER_CONTROL)
    async def ignore(self, form: dict[str, str]) -> None:
        """This field of this service there, for a week."""
        number = self.subject
        await self._do(
            form,
            lambda actor, reason: _ignore(actor, arguments.number(number), reason),
            told=words("done.drift_ignored"),
        )
        await self._look()

    @rx.event
    @requires(Permission.CONTAINER_CONTROL)
    async def set_healing(self, form: dict[str, str]) -> None:
        environment, asked = self.subject, self.asked
        await self._do(
            form,
            lambda actor, reason: core().drift.set_mode(
                actor, environment, HealingMode(arguments.choice(asked, tuple(HealingMode))), reason=reason
            ),
            told=words("done.healing_set"),
        )
        await self._look()


def _ignore(actor: Actor, number: int, reason: str) -> Rule:
    found, now = core().drift.view(actor, number).finding, core().clock.now()
    place = found.place
    wanted = Rule(0, place.environment or "*", place.service or "*", found.field, reason, "", now, expires_at=now)
    return core().drift.ignore(actor, wanted, days=IGNORED_DAYS)


def _fetch(actor: Actor, query: DriftQuery) -> tuple[Page[Finding], dict[str, Any]]:
    drift = core().drift
    page = drift.page(actor, query)
    standing = drift.environments(actor)
    return page, {
        "rows": [drift_line(drift.shown(actor, found)) for found in page.items],
        "cards": [drift_card(each) for each in standing],
        "environments": [Option(e.environment, environment_words(e.environment)) for e in standing],
        "services": [service.name for service in core().catalogue.services(actor)],
        "severities": [Option(severity, words(f"drift.severity.{severity}")) for severity in Severity],
        "looks": [Option(look, words(f"drift.look.{look}")) for look in (Look.IGNORED, Look.ENDED)],
    }
