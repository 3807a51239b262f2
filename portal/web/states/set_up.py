"""Setting up a new portal: which step is shown, and how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import PortalError
from portal.domain.set_up import SetUp, SetUpStep, check_step, following
from portal.web import arguments
from portal.web.addresses import address
from portal.web.policy import requires, signed_in
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

PATH = "/set-up"


@dataclass(frozen=True, slots=True)
class StepLine:
    """`status` is done, skipped or open."""

    name: str
    label: Words
    href: str
    status: str


class SetUpState(rx.State):
    is_loaded: bool = False
    trouble: Words = Words()
    step: str = SetUpStep.PASSWORD
    steps: list[StepLine] = []

    @rx.event
    @signed_in
    async def load(self) -> object:
        """Goes on where it was left, unless the address names a step; to the overview once it is over."""
        try:
            seen = await asyncio.to_thread(core().identity.set_up, await actor_of(self))
        except PortalError as error:
            put(self, trouble=error_words(error))
            return None
        if not seen.is_due:
            return rx.redirect("/")
        wanted = arguments.query(self, "step")
        is_known = wanted in set(SetUpStep)
        step = wanted if is_known else str(seen.next_step)
        put(self, is_loaded=True, trouble=Words(), step=step, steps=step_lines(seen))
        return None if is_known else rx.redirect(address(PATH, step=step), replace=True)

    @rx.event
    @requires(Permission.USER_EDIT)
    async def go_on(self, name: str) -> object:
        """From the step of this name to the one after it."""
        async with telling(self):
            step = check_step(arguments.text(name, longest=40))
            await asyncio.to_thread(core().identity.pass_set_up_step, await actor_of(self), step)
            return rx.redirect(address(PATH, step=following(step)))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def finish(self) -> object:
        return await self._end(core().identity.end_set_up, "done.set_up_done")

    @rx.event
    @requires(Permission.USER_EDIT)
    async def skip(self) -> object:
        return await self._end(lambda actor: core().identity.end_set_up(actor, is_skipped=True), "done.set_up_skipped")

    async def _end(self, end: Callable[[Actor], SetUp], told: str) -> object:
        async with telling(self):
            await asyncio.to_thread(end, await actor_of(self))
            tell(await self.get_state(SessionState), words(told))
            return rx.redirect("/")


def step_lines(seen: SetUp) -> list[StepLine]:
    return [_line(seen, step) for step in SetUpStep]


def _line(seen: SetUp, step: SetUpStep) -> StepLine:
    return StepLine(step, words(f"set_up.step.{step}"), address(PATH, step=step), _status(seen, step))


def _status(seen: SetUp, step: SetUpStep) -> str:
    if step in seen.done or (step in seen.passed and step in (SetUpStep.READING, SetUpStep.PARTS)):
        return "done"
    return "skipped" if step in seen.passed else "open"
