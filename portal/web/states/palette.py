"""The command palette: what is found for what somebody types, anywhere in the portal."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.palette import PaletteRow, palette_rows
from portal.web.states.session import actor_of, telling
from portal.wiring import core


class PaletteState(rx.State):
    """`asked` is the text that `rows` answer."""

    asked: str = ""
    rows: list[PaletteRow] = []

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def search(self, text: str) -> None:
        """What is typed meanwhile supersedes what is still being looked for."""
        wanted: str | None = None
        async with self, telling(self):
            wanted, actor = arguments.text(text, longest=100), await actor_of(self)
        if wanted is None:
            return
        rows = await asyncio.to_thread(found, actor, wanted)
        async with self:
            self.rows, self.asked = rows, wanted


def found(actor: Actor, text: str) -> list[PaletteRow]:
    return palette_rows(actor, text, core().search.hits(actor, text) if text else ())
