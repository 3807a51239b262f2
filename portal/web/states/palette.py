"""The command palette: what is found for what somebody types, anywhere in the portal."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.web import arguments
from portal.web.navigation import nouns
from portal.web.policy import requires
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, words

MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class PaletteRow:
    """`kind` is page, service, environment, release, rollout, person, document or action; `path` where it leads."""

    kind: str
    title: Words
    detail: Words
    path: str


class PaletteState(rx.State):
    """`asked` is the text that `rows` answer."""

    asked: str = ""
    rows: list[PaletteRow] = []

    @rx.event
    @requires(Permission.VIEW)
    async def search(self, text: str) -> None:
        async with telling(self):
            wanted = arguments.text(text, longest=100)
            self.rows = (await found(await actor_of(self), wanted))[:MOST_ROWS]
            self.asked = wanted


async def found(actor: Actor, text: str) -> list[PaletteRow]:
    """The pages whose name has the text in either language, or all of them for no text."""
    del actor
    pages = [PaletteRow("page", words(f"nav.{noun.name}"), Words(), noun.path) for noun in nouns()]
    looked_for = text.lower()
    return [row for row in pages if looked_for in row.title.en.lower() or looked_for in row.title.zh]
