"""The list of containers, live, with its filters in the address."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.container_view import SORTS, ContainerLine, ContainerQuery
from portal.domain.page import Page
from portal.web.addresses import PAGE_SIZE
from portal.web.arguments import offset, sort
from portal.web.policy import requires
from portal.web.presenters.containers import ContainerRow, container_row, state_options
from portal.web.presenters.marks import Option, environment_words
from portal.web.states.listing import Listing
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.wiring import core

FILTERS = ("service", "environment", "version", "state", "host", "text")


class ContainersState(Listing, rx.State):
    rows: list[ContainerRow] = []
    services: list[str] = []
    environments: list[Option] = []
    versions: list[str] = []
    hosts: list[str] = []
    states: list[Option] = []

    @rx.event(background=True, supersedes=True)
    @requires(Permission.CONTAINER_VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "containers"):
            async with self, telling(self):
                await self._look()

    async def _look(self) -> None:
        wanted, order = self._wanted(*FILTERS), sort(self, SORTS, default="name")
        query = ContainerQuery(**wanted, sort=order, offset=offset(self), limit=PAGE_SIZE)
        page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        put(self, **seen)
        self._show(page, wanted, sort=order, columns=SORTS)


def _fetch(actor: Actor, query: ContainerQuery) -> tuple[Page[ContainerLine], dict[str, Any]]:
    page = core().fleet.page(actor, query)
    known = core().fleet.choices(actor)
    return page, {
        "rows": [container_row(line) for line in page.items],
        "services": list(known.services),
        "environments": [Option(name, environment_words(name)) for name in known.environments],
        "versions": list(known.versions),
        "hosts": list(known.hosts),
        "states": state_options(),
    }
