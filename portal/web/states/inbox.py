"""How many things wait for this person, beside the navigation on every page."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Permission
from portal.web.policy import requires
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.wiring import core

LOOK_SECONDS = 20.0


class InboxState(rx.State):
    waiting: int = 0

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "rollouts", at_least_seconds=LOOK_SECONDS):
            async with self, telling(self):
                put(self, waiting=await asyncio.to_thread(core().approvals.count, await actor_of(self)))
