"""The list of rollouts, with its filters in the address."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.lists import ROLLOUT_SORTS, RolloutQuery
from portal.domain.page import Page
from portal.domain.rollout import Rollout
from portal.web.addresses import PAGE_SIZE
from portal.web.arguments import offset
from portal.web.policy import requires
from portal.web.presenters.marks import Option, environment_words
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.states.listing import Listing, loading
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of
from portal.wiring import core


class RolloutsState(Listing, rx.State):
    rows: list[RolloutLine] = []
    services: list[str] = []
    environments: list[Option] = []

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "rollouts"):
            async with self, loading(self):
                await self._look()

    async def _look(self) -> None:
        wanted = self._wanted("service", "environment", "state", "text")
        query = RolloutQuery(**wanted, sort=self._sort(ROLLOUT_SORTS), offset=offset(self), limit=PAGE_SIZE)
        page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        put(self, **seen)
        self._show(page, wanted, sorts=ROLLOUT_SORTS)


def _fetch(actor: Actor, query: RolloutQuery) -> tuple[Page[Rollout], dict[str, Any]]:
    page = core().rollouts.page(actor, query)
    return page, {
        "rows": [rollout_line(rollout) for rollout in page.items],
        "services": [service.name for service in core().catalogue.services(actor)],
        "environments": [Option(e.name, environment_words(e.name)) for e in core().catalogue.environments(actor)],
    }
