"""Operations: long work, live: the list with its filters in the address, and the one whose page is open."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import NotFound, PortalError
from portal.domain.job import JOB_SORTS, Job, JobQuery, JobState
from portal.domain.page import Page
from portal.services.jobs import TOPIC
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.marks import Option, environment_words
from portal.web.presenters.operations import (
    OperationCard,
    OperationLine,
    kind_label,
    operation_card,
    operation_line,
    state_label,
    strides,
)
from portal.web.presenters.steps import Stride
from portal.web.states.listing import Listing
from portal.web.states.live import beats, put
from portal.web.states.proof import Asking
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

FILTERS = ("kind", "environment", "state", "text")


class OperationsState(Listing, Asking, rx.State):
    rows: list[OperationLine] = []
    kinds: list[Option] = []
    environments: list[Option] = []
    states: list[Option] = []
    card: OperationCard = OperationCard()
    steps: list[Stride] = []
    missing: Words = Words()
    is_open: bool = False

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, TOPIC):
            async with self, telling(self):
                await self._look()

    async def _look(self) -> None:
        wanted = self._wanted(*FILTERS)
        order = self._sort(JOB_SORTS)
        query = JobQuery(**wanted, sort=order, offset=arguments.offset(self), limit=PAGE_SIZE)
        try:
            page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        except PortalError as error:
            put(self, trouble=error_words(error), is_loaded=True)
            return
        put(self, **seen)
        self._show(page, wanted, sorts=JOB_SORTS)

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch_one(self) -> None:
        async with self:
            self.card, self.steps, self.is_open, self.missing = OperationCard(), [], False, Words()
        async for _ in beats(self, TOPIC):
            async with self, telling(self):
                await self._look_at_one()
                if not self.card.is_active:
                    return

    async def _look_at_one(self) -> None:
        try:
            number = arguments.number(arguments.segments(self, 1)[0])
            view = await asyncio.to_thread(core().jobs.view, await actor_of(self), number)
        except NotFound as error:
            self.missing = error_words(error)
            return
        put(self, card=operation_card(view), steps=strides(view), is_open=True)

    @rx.event
    @requires(Permission.VIEW)
    async def cancel(self, form: dict[str, str]) -> None:
        """Whether the person may is the kind's to say: the service asks it."""
        number = self.card.line.id
        done = await self._do(
            form,
            lambda actor, reason: core().jobs.cancel(actor, number, reason=reason),
            told=words("done.job_cancelled", id=number),
        )
        if done:
            await self._look_at_one()

    @rx.event
    @requires(Permission.VIEW)
    async def retry(self, form: dict[str, str]) -> object:
        number = self.card.line.id
        done = await self._do(
            form,
            lambda actor, reason: core().jobs.retry(actor, number, reason=reason),
            told=words("done.job_started"),
        )
        return rx.redirect(f"/operations/{done.made.id}") if done else None


def _fetch(actor: Actor, query: JobQuery) -> tuple[Page[Job], dict[str, Any]]:
    page = core().jobs.page(actor, query)
    names = [environment.name for environment in core().catalogue.environments(actor)]
    states = ("active", "over", *JobState)
    return page, {
        "rows": [operation_line(job) for job in page.items],
        "kinds": [Option(kind, kind_label(kind)) for kind in core().jobs.kinds],
        "environments": [Option(name, environment_words(name)) for name in names],
        "states": [Option(state, state_label(state)) for state in states],
    }
