"""One service: where it runs, what it needs, how it is set, and what happened to it."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.audit import AuditQuery
from portal.domain.dependencies import called_by, callers_of
from portal.domain.errors import NotFound
from portal.domain.lists import ReleaseQuery, RolloutQuery
from portal.domain.service import Link, Service
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.releases import ReleaseLine, release_line
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.presenters.services import (
    Drawing,
    NeighbourLine,
    PlaceLine,
    ServiceLine,
    Setting,
    drawing,
    neighbour_lines,
    place_line,
    service_line,
    settings,
)
from portal.web.presenters.timeline import Line, lines
from portal.web.states.archiving import Archiving, verb_for
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

TABS = ("places", "releases", "dependencies", "settings", "history")
MOST = 15
NOTHING = ServiceLine("", "", "", (), (), (), service_line(Service("a", "a"), ()).health, "", False)


class ServiceState(Archiving, rx.State):
    is_loaded: bool = False
    missing: Words = Words()
    tab: str = "places"
    card: ServiceLine = NOTHING
    links: list[Link] = []
    source_url: str = ""
    places: list[PlaceLine] = []
    releases: list[ReleaseLine] = []
    rollouts: list[RolloutLine] = []
    needs: list[NeighbourLine] = []
    needed_by: list[NeighbourLine] = []
    drawing: Drawing = Drawing()
    settings: list[Setting] = []
    variables: list[Setting] = []
    lines: list[Line] = []
    can_edit: bool = False
    can_read: bool = False

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async with self:
            self.reset()
        async for _ in beats(self, "rollouts"):
            async with self, telling(self):
                if not await self._look():
                    return

    async def _look(self) -> bool:
        """Bring the page up to date; False if there is nothing to look at."""
        try:
            (name,) = arguments.segments(self, 1)
            seen = await asyncio.to_thread(_fetch, await actor_of(self), name)
        except NotFound as error:
            put(self, missing=error_words(error))
            return False
        tab = arguments.query(self, "tab")
        put(self, is_loaded=True, tab=tab if tab in TABS else TABS[0], **seen)
        return True

    @rx.event
    @requires(Permission.SERVICE_EDIT)
    async def ask_archive(self) -> None:
        name, verb = self.card.name, verb_for(is_archived=self.card.is_archived)
        self._ask(
            name, verb, title=words(f"service.{verb}_title", name=name), more=words(f"service.{verb}_more", name=name)
        )

    @rx.event
    @requires(Permission.SERVICE_EDIT)
    async def archive(self, form: dict[str, str]) -> None:
        change = core().catalogue.archive_service
        if await self._put_away(form, change, is_archived=not self.card.is_archived):
            await self._look()


def _fetch(actor: Actor, name: str) -> dict[str, object]:
    catalogue = core().catalogue
    service = catalogue.service(actor, name)
    every, cells = catalogue.services(actor), core().deployments.matrix(actor)
    needs, needed_by = called_by(name, every), callers_of(name, every)
    released = core().releases.page(actor, ReleaseQuery(service=name, limit=MOST)).items
    deployed = core().deployments.all(actor)
    can_read = may(actor, Permission.AUDIT_READ)
    entries = core().audit.page(actor, AuditQuery(target=name, limit=60)).items if can_read else ()
    return {
        "card": service_line(service, cells),
        "links": list(service.links),
        "source_url": service.source_url,
        "places": [place_line(place, name) for place in core().service_places.of(actor, name)],
        "releases": [release_line(release, deployed) for release in released],
        "rollouts": [rollout_line(r) for r in core().rollouts.page(actor, RolloutQuery(service=name, limit=8)).items],
        "needs": neighbour_lines(needs),
        "needed_by": neighbour_lines(needed_by),
        "drawing": drawing(name, needed_by, needs),
        "settings": settings(service),
        "variables": [Setting(Words(key, key), value) for key, value in sorted(service.environment.items())],
        "lines": lines(entry for entry in entries if entry.target_kind == "service"),
        "can_edit": may(actor, Permission.SERVICE_EDIT),
        "can_read": can_read,
    }
