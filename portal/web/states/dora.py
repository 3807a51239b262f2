"""The four measures of delivery, of what the address asks for."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Permission
from portal.services.dora import DEFAULT_DAYS, DoraQuery
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.dora import Figure, figures
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.wiring import core

LOOK_SECONDS = 60.0  # they are of a month: more often would show nothing new


class DoraState(rx.State):
    figures: list[Figure] = []

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "measures", at_least_seconds=LOOK_SECONDS):
            async with self, telling(self):
                service, environment = (arguments.query(self, name) for name in ("service", "environment"))
                query = DoraQuery(service=service, environment=environment, days=DEFAULT_DAYS)
                measured = await asyncio.to_thread(core().dora.measure, await actor_of(self), query)
                put(self, figures=figures(measured))
