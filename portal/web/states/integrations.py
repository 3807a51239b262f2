"""What the portal works with, kept current, and looked at on demand."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.services.integrations import VARIABLES
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.settings import IntegrationCard, integration_card
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.wiring import core

TOPIC = "health"


class IntegrationsState(rx.State):
    """`asking` is the one that is being looked at."""

    is_loaded: bool = False
    cards: list[IntegrationCard] = []
    asking: str = ""

    @rx.event(background=True, supersedes=True)
    @requires(Permission.SETTINGS_READ)
    async def watch(self) -> None:
        async for _ in beats(self, TOPIC):
            async with self, telling(self):
                put(self, is_loaded=True, cards=_cards(await actor_of(self)))

    @rx.event(background=True)
    @requires(Permission.SETTINGS_READ)
    async def test(self, name: str) -> None:
        actor, wanted = None, ""
        async with self, telling(self):
            wanted, actor = arguments.choice(name, VARIABLES), await actor_of(self)
            self.asking = wanted
        if actor is None:
            return
        async with telling(self):
            await asyncio.to_thread(core().integrations.test, actor, wanted)
        async with self:
            self.asking = ""
            put(self, cards=_cards(actor))


def _cards(actor: Actor) -> list[IntegrationCard]:
    now = core().clock.now().timestamp()
    return [integration_card(integration, now) for integration in core().integrations.all(actor)]
