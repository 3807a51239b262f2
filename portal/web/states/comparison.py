"""Two releases of a service, chosen in the address."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import NotFound
from portal.domain.lists import ReleaseQuery
from portal.web import arguments
from portal.web.addresses import address
from portal.web.policy import requires
from portal.web.presenters.comparisons import Compared, compared
from portal.web.states.live import put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words
from portal.wiring import core

MOST = 200


class ComparisonState(rx.State):
    is_loaded: bool = False
    missing: Words = Words()
    service: str = ""
    versions: list[str] = []
    old: str = ""
    new: str = ""
    shown: Compared = Compared()

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        """From the address: from and to; without them the two newest."""
        self.reset()
        async with telling(self):
            try:
                service, _ = arguments.segments(self, 2)
                wanted = (arguments.query(self, "from"), arguments.query(self, "to"))
                put(self, is_loaded=True, **await asyncio.to_thread(_fetch, await actor_of(self), service, wanted))
            except NotFound as error:
                self.missing = error_words(error)

    @rx.event
    @requires(Permission.VIEW)
    async def choose_old(self, version: str) -> object:
        async with telling(self):
            return self._to(arguments.choice(version, self.versions), self.new)

    @rx.event
    @requires(Permission.VIEW)
    async def choose_new(self, version: str) -> object:
        async with telling(self):
            return self._to(self.old, arguments.choice(version, self.versions))

    @rx.event
    @requires(Permission.VIEW)
    def swap(self) -> object:
        return self._to(self.new, self.old)

    def _to(self, old: str, new: str) -> object:
        return rx.redirect(compare_address(self.service, old, new), replace=True)


def compare_address(service: str, old: str, new: str) -> str:
    return address(f"/releases/{service}/compare", **{"from": old, "to": new})


def _fetch(actor: Actor, service: str, wanted: tuple[str, str]) -> dict[str, object]:
    core().catalogue.service(actor, service)
    released = core().releases.page(actor, ReleaseQuery(service=service, sort="-version", limit=MOST)).items
    versions = [release.version for release in released]
    new = wanted[1] or (versions[0] if versions else "")
    old = wanted[0] or next((version for version in versions if version != new), new)
    shown = compared(core().comparisons.compare(actor, service, old=old, new=new)) if new else Compared()
    offered = list(dict.fromkeys([*versions, *(version for version in (old, new) if version)]))
    return {"service": service, "versions": offered, "old": old, "new": new, "shown": shown}
