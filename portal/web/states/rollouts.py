"""The list of rollouts, with its filters in the address, the measures above, and acts on several."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.errors import PortalError
from portal.domain.lists import ROLLOUT_SORTS, RolloutQuery
from portal.domain.page import Page
from portal.domain.plan import Strategy
from portal.domain.rollout import Action, Rollout
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.marks import Option, environment_words
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.states.listing import Choosing, Listing, loading
from portal.web.states.live import beats, put
from portal.web.states.session import SessionState, actor_of, tell
from portal.web.words import Words, error_words, words
from portal.wiring import core

NAMES = ("service", "environment", "state", "strategy", "person", "version", "since", "until", "text")
CONTROLS = (Action.PAUSE, Action.RESUME)


class RolloutsState(Listing, Choosing, rx.State):
    rows: list[RolloutLine] = []
    services: list[str] = []
    environments: list[Option] = []
    strategies: list[Option] = []
    can_control: bool = False
    can_abort: bool = False
    asked: str = ""
    refused: list[Words] = []
    wrong: Words = Words()

    def _key_of(self, row: object) -> str:
        return str(row.id) if isinstance(row, RolloutLine) else ""

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        async for _ in beats(self, "rollouts"):
            async with self, loading(self):
                await self._look()

    async def _look(self) -> None:
        wanted = self._wanted(*NAMES)
        query = _query(wanted, self._sort(ROLLOUT_SORTS), arguments.offset(self))
        page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        put(self, **seen)
        self._show(page, wanted, sorts=ROLLOUT_SORTS)

    @rx.event
    @requires(Permission.VIEW)
    async def ask(self, code: str) -> None:
        """Ask for a reason before something is done to all that are chosen."""
        is_known = code in (*CONTROLS, Action.ABORT) and bool(self.chosen)
        self.asked, self.wrong, self.refused = (code if is_known else ""), Words(), []

    @rx.event
    @requires(Permission.VIEW)
    def dismiss(self) -> None:
        self.asked, self.wrong, self.refused = "", Words(), []

    @rx.event
    @requires(Permission.ROLLOUT_CONTROL)
    async def control_each(self, form: dict[str, str]) -> None:
        await self._act(form, CONTROLS)

    @rx.event
    @requires(Permission.ROLLOUT_ABORT)
    async def abort_each(self, form: dict[str, str]) -> None:
        await self._act(form, (Action.ABORT,))

    async def _act(self, form: object, allowed: tuple[Action, ...]) -> None:
        actor = await actor_of(self)
        try:
            action = Action(arguments.choice(self.asked, allowed))
            numbers, reason = [int(key) for key in self.chosen], arguments.field(form, "reason")
            outcomes = await asyncio.to_thread(core().rollouts.act_on_each, actor, numbers, action, reason=reason)
        except PortalError as error:
            self.wrong = error_words(error)
            return
        failed = {number: error for number, error in outcomes if error is not None}
        self.refused = [words("bulk.refused", id=number, why=error_words(error)) for number, error in failed.items()]
        self.chosen = [str(number) for number in failed]
        self.asked = self.asked if failed else ""
        done = words("bulk.done", n=len(outcomes) - len(failed), of=len(outcomes))
        tell(await self.get_state(SessionState), done, tone="bad" if failed else "ok")
        await self._look()


def _query(wanted: dict[str, str], sort: str, start: int) -> RolloutQuery:
    """A day in the address is one of the world's clock; `until` is the last day that counts."""
    exact = {name: wanted[name] for name in NAMES if name not in ("since", "until")}
    since, until = arguments.days(wanted["since"], wanted["until"])
    return RolloutQuery(**exact, since=since, until=until, sort=sort, offset=start, limit=PAGE_SIZE)


def _fetch(actor: Actor, query: RolloutQuery) -> tuple[Page[Rollout], dict[str, Any]]:
    page = core().rollouts.page(actor, query)
    return page, {
        "rows": [rollout_line(rollout) for rollout in page.items],
        "services": [service.name for service in core().catalogue.services(actor)],
        "environments": [Option(e.name, environment_words(e.name)) for e in core().catalogue.environments(actor)],
        "strategies": [Option(code, words(f"strategy.{code}")) for code in (*Strategy, "return")],
        "can_control": may(actor, Permission.ROLLOUT_CONTROL),
        "can_abort": may(actor, Permission.ROLLOUT_ABORT),
    }
