"""One container, live: what it is and uses, stopping and starting it, and commands inside."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.container_view import ContainerAction
from portal.domain.errors import NotFound, PortalError
from portal.services.container_executions import ExecutionOrder, words_of
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters import containers
from portal.web.presenters.containers import Asked, CheckRun, ContainerRow, Pair, Press, Ran, Usage
from portal.web.states.live import beats, put
from portal.web.states.proof import acting, objection
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

TABS = ("overview", "logs", "inspect", "exec")
TIMES = ("10", "30", "60", "300")


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the page shows, made from one look at the container."""

    line: ContainerRow
    presses: list[Press]
    usage: Usage
    facts: list[Pair]
    mounts: list[Pair]
    variables: list[tuple[str, str]]
    checks: list[CheckRun]
    document: str
    is_executable: bool
    has_hidden_values: bool
    links: dict[str, str] = field(default_factory=dict[str, str])


class ContainerState(rx.State):
    is_loaded: bool = False
    missing: Words = Words()
    tab: str = "overview"
    line: ContainerRow = ContainerRow()
    presses: list[Press] = []
    usage: Usage = Usage()
    facts: list[Pair] = []
    mounts: list[Pair] = []
    variables: list[tuple[str, str]] = []
    checks: list[CheckRun] = []
    document: str = ""
    is_executable: bool = False
    has_hidden_values: bool = False
    links: dict[str, str] = {}
    question: Asked = Asked()
    trouble: Words = Words()
    ran: Ran = Ran()
    is_running: bool = False
    exec_trouble: Words = Words()

    @rx.event(background=True, supersedes=True)
    @requires(Permission.CONTAINER_VIEW)
    async def watch(self) -> None:
        name = ""
        async with self:
            self.reset()
            try:
                name = arguments.segments(self, 1)[0]
            except NotFound as error:
                put(self, missing=error_words(error))
        async for _ in beats(self, "containers"):
            async with self:
                if self.missing or not await self._look(name):
                    return

    async def _look(self, name: str) -> bool:
        """Bring the page up to date; False if there is nothing to look at."""
        tab = arguments.query(self, "tab")
        try:
            seen = await asyncio.to_thread(look, await actor_of(self), name)
        except NotFound as error:
            put(self, missing=error_words(error))
            return False
        except PortalError as error:
            tell(await self.get_state(SessionState), error_words(error), tone="bad")
            return True
        put(self, is_loaded=True, tab=tab if tab in TABS else TABS[0])
        put(self, **{name: getattr(seen, name) for name in Seen.__slots__})
        return True

    @rx.event
    @requires(Permission.CONTAINER_CONTROL)
    async def ask(self, code: str) -> None:
        """Open the question for an act, with what is the case at this moment."""
        async with telling(self):
            action = ContainerAction(arguments.choice(code, tuple(ContainerAction)))
            view = await asyncio.to_thread(core().fleet.view, await actor_of(self), self.line.name)
            self.trouble = Words()
            self.question = containers.asked(view, action, key=secrets.token_hex(8))

    @rx.event
    @requires(Permission.CONTAINER_VIEW)
    def dismiss(self) -> None:
        self.question = Asked()

    @rx.event(background=True)
    @requires(Permission.CONTAINER_CONTROL)
    async def act(self, form: dict[str, str]) -> None:
        """What was asked for. Stopping takes up to ten seconds, in which the page goes on."""
        async with self:
            asked, name, actor = self.question, self.line.name, await actor_of(self)
            try:
                action = ContainerAction(arguments.choice(asked.code, tuple(ContainerAction)))
                reason = arguments.field(form, "reason")
            except PortalError as error:
                self.trouble = error_words(error)
                return
            self.question, self.trouble = Asked(), Words()
            tell(await self.get_state(SessionState), words(f"container.doing.{action}", name=name))
        try:
            await asyncio.to_thread(core().fleet.act, actor, name, action, reason=reason)
            told, tone = words(f"container.done.{action}", name=name), "ok"
        except PortalError as error:
            told, tone = error_words(error), "bad"
        async with self:
            tell(await self.get_state(SessionState), told, tone=tone)
            await self._look(name)

    @rx.event(background=True)
    @requires(Permission.CONTAINER_EXEC)
    async def run(self, form: dict[str, str]) -> None:
        """Run a command inside and show what it prints."""
        async with self:
            name = self.line.name
            if self.is_running:
                return
            try:
                actor = await acting(self, form)
                typed = arguments.field(form, "command", longest=4000)
                seconds = arguments.choice(arguments.field(form, "seconds") or TIMES[1], TIMES)
                order = ExecutionOrder(words_of(typed), arguments.field(form, "reason"), float(seconds))
            except PortalError as error:
                self.exec_trouble = await objection(self, error)
                return
            self.is_running, self.exec_trouble, self.ran = True, Words(), Ran()
        try:
            done = await asyncio.to_thread(core().executions.execute, actor, name, order)
            outcome, refused = containers.ran(done, typed), None
        except PortalError as error:
            outcome, refused = Ran(), error
        async with self:
            trouble = await objection(self, refused) if refused else Words()
            put(self, is_running=False, ran=outcome, exec_trouble=trouble)


def look(actor: Actor, name: str) -> Seen:
    view = core().fleet.view(actor, name)
    readings = core().fleet.stats.look([name]).get(name, ()) if view.line.container.is_running else ()
    return Seen(
        line=containers.container_row(view.line),
        presses=containers.presses(view),
        usage=containers.usage(readings),
        facts=containers.facts(view),
        mounts=containers.mounts(view),
        variables=containers.variables(view.details.environment),
        checks=containers.checks(view),
        document=view.document,
        is_executable=view.is_executable,
        has_hidden_values=view.has_hidden_values,
        links={tab: containers.tab_address(name, tab) for tab in TABS},
    )
