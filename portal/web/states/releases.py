"""The list of releases, with its filters in the address."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.lists import RELEASE_SORTS, ReleaseQuery
from portal.domain.page import Page
from portal.domain.release import Release
from portal.web.addresses import PAGE_SIZE
from portal.web.arguments import days, offset
from portal.web.policy import requires
from portal.web.presenters.releases import ReleaseLine, release_line
from portal.web.states.listing import Listing, loading
from portal.web.states.live import put
from portal.web.states.session import actor_of
from portal.wiring import core


class ReleasesState(Listing, rx.State):
    rows: list[ReleaseLine] = []
    services: list[str] = []

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        async with loading(self):
            wanted = self._wanted("service", "person", "since", "until", "text")
            since, until = days(wanted["since"], wanted["until"])
            exact = {name: wanted[name] for name in ("service", "person", "text")}
            sort, start = self._sort(RELEASE_SORTS), offset(self)
            query = ReleaseQuery(**exact, since=since, until=until, sort=sort, offset=start, limit=PAGE_SIZE)
            page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
            put(self, **seen)
            self._show(page, wanted, sorts=RELEASE_SORTS)


def _fetch(actor: Actor, query: ReleaseQuery) -> tuple[Page[Release], dict[str, Any]]:
    page = core().releases.page(actor, query)
    deployments = core().deployments.all(actor)
    rows = [release_line(release, deployments) for release in page.items]
    return page, {"rows": rows, "services": [service.name for service in core().catalogue.services(actor)]}
