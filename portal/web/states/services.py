"""The catalogue of services: searched, and filtered by owner and tag."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.lists import SERVICE_SORTS, ServiceQuery, find_services
from portal.domain.page import Page
from portal.domain.service import Service
from portal.web.addresses import PAGE_SIZE
from portal.web.arguments import offset
from portal.web.policy import requires
from portal.web.presenters.services import ServiceLine, service_line
from portal.web.states.listing import Listing, loading
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of
from portal.wiring import core


class ServicesState(Listing, rx.State):
    rows: list[ServiceLine] = []
    owners: list[str] = []
    tags: list[str] = []
    can_edit: bool = False

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "rollouts"):
            async with self, loading(self):
                await self._look()

    async def _look(self) -> None:
        wanted = self._wanted("text", "owner", "tag", "archived")
        query = ServiceQuery(
            text=wanted["text"],
            owner=wanted["owner"],
            tag=wanted["tag"],
            is_archived={"yes": True, "no": False}.get(wanted["archived"]),
            sort=self._sort(SERVICE_SORTS),
            offset=offset(self),
            limit=PAGE_SIZE,
        )
        page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        put(self, **seen)
        self._show(page, wanted, sorts=SERVICE_SORTS)


def _fetch(actor: Actor, query: ServiceQuery) -> tuple[Page[Service], dict[str, object]]:
    every = core().catalogue.services(actor, has_archived=True)
    page, cells = find_services(every, query), core().deployments.matrix(actor)
    return page, {
        "rows": [service_line(service, cells) for service in page.items],
        "owners": sorted({owner for service in every for owner in service.owners}),
        "tags": sorted({tag for service in every for tag in service.tags}),
        "can_edit": may(actor, Permission.SERVICE_EDIT),
    }
