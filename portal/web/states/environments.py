"""The environments in the order of promotion."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.web.policy import requires
from portal.web.presenters.environments import Card, card
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.wiring import core


class EnvironmentsState(rx.State):
    is_loaded: bool = False
    rows: list[Card] = []
    archived: list[Card] = []
    can_add: bool = False

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "rollouts"):
            async with self, telling(self):
                put(self, is_loaded=True, **await asyncio.to_thread(_fetch, await actor_of(self)))


def _fetch(actor: Actor) -> dict[str, object]:
    catalogue, now = core().catalogue, core().clock.now()
    every = catalogue.environments(actor, has_archived=True)
    cells, freezes = core().deployments.matrix(actor), catalogue.freezes(actor)
    cards = [card(environment, cells, freezes, now) for environment in every]
    return {
        "rows": [shown for shown in cards if not shown.is_archived],
        "archived": [shown for shown in cards if shown.is_archived],
        "can_add": may(actor, Permission.ENVIRONMENT_EDIT),
    }
