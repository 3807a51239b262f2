"""The machine behind the engine: its facts, images, volumes and networks, and removing what nobody uses."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import PortalError
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters import engine
from portal.web.presenters.engine import Belonging, HostCard, Stranger
from portal.web.presenters.marks import Confirmation
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, tell
from portal.web.words import Words, error_words, words
from portal.wiring import core

TABS = ("hosts", "images", "volumes", "networks")


class EngineState(rx.State):
    is_loaded: bool = False
    trouble: Words = Words()
    failure: Words = Words()
    tab: str = ""
    host: HostCard = HostCard()
    strangers: list[Stranger] = []
    shows_strangers: bool = False
    rows: list[Belonging] = []
    question: Confirmation = Confirmation()
    _target: str = ""

    @rx.event
    @requires(Permission.CONTAINER_VIEW)
    async def load(self) -> None:
        self.reset()
        self.tab = arguments.choice(self.router.url.path.rstrip("/").rpartition("/")[2], TABS)
        await self._look()

    async def _look(self) -> None:
        actor = await actor_of(self)
        try:
            if self.tab == "hosts":
                host, strangers = await asyncio.to_thread(_host, actor)
                put(self, host=host, strangers=strangers or [], shows_strangers=strangers is not None)
            else:
                put(self, rows=await asyncio.to_thread(_rows, actor, self.tab))
            put(self, is_loaded=True, failure=Words())
        except PortalError as error:
            put(self, failure=error_words(error))

    @rx.event
    @requires(Permission.CONTAINER_CONTROL)
    def ask(self, target: str) -> None:
        """Before something of the list is removed."""
        found = next((row for row in self.rows if row.id == target), None)
        if found is not None:
            self._target, self.trouble, self.question = found.id, Words(), engine.removal(found)

    @rx.event
    @requires(Permission.CONTAINER_VIEW)
    def dismiss(self) -> None:
        self.question = Confirmation()

    @rx.event
    @requires(Permission.CONTAINER_CONTROL)
    async def remove(self, form: dict[str, str]) -> None:
        actor, target, name = await actor_of(self), self._target, self.question.name
        try:
            typed, reason = arguments.field(form, "typed"), arguments.field(form, "reason")
            await asyncio.to_thread(_remove, actor, (self.tab, target), confirmed=typed, reason=reason)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.question = Confirmation()
        tell(await self.get_state(SessionState), words("engine.removed", name=name))
        await self._look()


def _host(actor: Actor) -> tuple[HostCard, list[Stranger] | None]:
    card = engine.host_card(core().hosts.facts(actor))
    try:
        others = core().hosts.others(actor)
    except PortalError:
        others = None
    return card, None if others is None else engine.strangers(others)


def _rows(actor: Actor, tab: str) -> list[Belonging]:
    match tab:
        case "images":
            return [engine.image_line(use) for use in core().hosts.images(actor)]
        case "volumes":
            return [engine.volume_line(use) for use in core().hosts.volumes(actor)]
        case _:
            return [engine.network_line(use) for use in core().hosts.networks(actor)]


def _remove(actor: Actor, what: tuple[str, str], *, confirmed: str, reason: str) -> None:
    tab, target = what
    remove = {
        "images": core().hosts.remove_image,
        "volumes": core().hosts.remove_volume,
        "networks": core().hosts.remove_network,
    }[arguments.choice(tab, TABS[1:])]
    remove(actor, target, confirmed=confirmed, reason=reason)
