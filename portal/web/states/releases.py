"""The list of releases, with its filters in the address."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.deployment import Deployment
from portal.domain.page import Page
from portal.domain.release import Release
from portal.domain.service import Service
from portal.web.addresses import PAGE_SIZE, Paging, address, paging
from portal.web.arguments import choice, offset, query, text
from portal.web.policy import requires
from portal.web.presenters.releases import ReleaseLine, release_line
from portal.web.states.live import put
from portal.web.states.session import actor_of, telling
from portal.wiring import core

PATH = "/releases"


class ReleasesState(rx.State):
    is_loaded: bool = False
    rows: list[ReleaseLine] = []
    paging: Paging = Paging()
    services: list[str] = []
    service: str = ""
    text: str = ""

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        async with telling(self):
            filters = {name: query(self, name) for name in ("service", "text")}
            found = await asyncio.to_thread(_fetch, await actor_of(self), filters, offset(self))
            page, services, deployments = found
            put(
                self,
                is_loaded=True,
                rows=[release_line(release, deployments) for release in page.items],
                paging=paging(page, PATH, **filters),
                services=[service.name for service in services],
                **filters,
            )

    @rx.event
    @requires(Permission.VIEW)
    async def choose_service(self, name: str) -> object:
        async with telling(self):
            wanted = choice(name, ["", *self.services])
            return rx.redirect(address(PATH, service=wanted, text=self.text), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    async def search(self, wanted: str) -> object:
        async with telling(self):
            found = text(wanted, longest=100)
            return rx.redirect(address(PATH, service=self.service, text=found), replace=True)


def _fetch(
    actor: Actor, filters: dict[str, str], start: int
) -> tuple[Page[Release], tuple[Service, ...], tuple[Deployment, ...]]:
    page = core().releases.page(actor, **filters, offset=start, limit=PAGE_SIZE)
    return page, core().catalogue.services(actor), core().deployments.all(actor)
