"""One release: what it is, where it runs, how it got there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import NotFound
from portal.domain.lists import RolloutQuery
from portal.web.arguments import segments
from portal.web.policy import requires
from portal.web.presenters.releases import Place, ReleaseCard, differences, places, release_card
from portal.web.presenters.rollout import Change
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.states.live import put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words
from portal.wiring import core

MOST_ROLLOUTS = 20


@dataclass(frozen=True, slots=True)
class Seen:
    card: ReleaseCard
    places: list[Place]
    history: list[RolloutLine]
    past: int
    before: str
    differences: list[Change]


class ReleaseState(rx.State):
    is_loaded: bool = False
    missing: Words = Words()
    card: ReleaseCard = ReleaseCard()
    places: list[Place] = []
    history: list[RolloutLine] = []
    past: int = 0
    before: str = ""
    differences: list[Change] = []

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        self.reset()
        async with telling(self):
            try:
                service, version = segments(self, 2)
                seen = await asyncio.to_thread(look, await actor_of(self), service, version)
            except NotFound as error:
                self.missing = error_words(error)
                return
            put(self, is_loaded=True, **{name: getattr(seen, name) for name in Seen.__slots__})


def look(actor: Actor, service: str, version: str) -> Seen:
    release = core().releases.release(actor, service, version)
    before = core().releases.before(actor, release)
    rollouts = core().rollouts.page(actor, RolloutQuery(service=service, version=version, limit=MOST_ROLLOUTS))
    return Seen(
        card=release_card(release),
        places=places(core().releases.where_running(actor, service, version)),
        history=[rollout_line(r) for r in rollouts.items],
        past=rollouts.total,
        before=before.version if before else "",
        differences=differences(before, release),
    )
