"""The list of rollouts, with its filters in the address."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.environment import Environment
from portal.domain.page import Page
from portal.domain.rollout import Rollout
from portal.domain.service import Service
from portal.store.rollouts import RolloutQuery
from portal.web.addresses import PAGE_SIZE, Paging, address, paging
from portal.web.arguments import choice, offset, query, text
from portal.web.policy import requires
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.states.live import beats, put
from portal.web.states.session import actor_of, telling
from portal.wiring import core

PATH = "/rollouts"
STATES = ("", "active", "over")


class RolloutsState(rx.State):
    is_loaded: bool = False
    rows: list[RolloutLine] = []
    paging: Paging = Paging()
    services: list[str] = []
    environments: list[str] = []
    service: str = ""
    environment: str = ""
    stage: str = ""
    text: str = ""

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "rollouts"):
            async with self, telling(self):
                actor = await actor_of(self)
                await self._look(actor)

    async def _look(self, actor: Actor) -> None:
        filters = {name: query(self, name) for name in ("service", "environment", "state", "text")}
        wanted = RolloutQuery(**filters, offset=offset(self), limit=PAGE_SIZE)
        page, services, environments = await asyncio.to_thread(_fetch, actor, wanted)
        put(
            self,
            is_loaded=True,
            rows=[rollout_line(r) for r in page.items],
            paging=paging(page, PATH, **filters),
            services=[s.name for s in services],
            environments=[e.name for e in environments],
            service=wanted.service,
            environment=wanted.environment,
            stage=wanted.state,
            text=wanted.text,
        )

    def _filters(self, **changed: str) -> str:
        kept = {"service": self.service, "environment": self.environment, "state": self.stage, "text": self.text}
        return address(PATH, **(kept | changed))

    @rx.event
    @requires(Permission.VIEW)
    async def choose_service(self, name: str) -> object:
        async with telling(self):
            return rx.redirect(self._filters(service=choice(name, ["", *self.services])), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    async def choose_environment(self, name: str) -> object:
        async with telling(self):
            return rx.redirect(self._filters(environment=choice(name, ["", *self.environments])), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    async def choose_stage(self, name: str) -> object:
        async with telling(self):
            return rx.redirect(self._filters(state=choice(name, STATES)), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    async def search(self, wanted: str) -> object:
        async with telling(self):
            return rx.redirect(self._filters(text=text(wanted, longest=100)), replace=True)


def _fetch(actor: Actor, wanted: RolloutQuery) -> tuple[Page[Rollout], tuple[Service, ...], tuple[Environment, ...]]:
    return (
        core().rollouts.page(actor, wanted),
        core().catalogue.services(actor),
        core().catalogue.environments(actor),
    )
