"""The saved views of the list that is shown."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import reflex as rx

from portal.domain.access import Permission
from portal.domain.errors import PortalError
from portal.domain.lists import FILTERS
from portal.domain.saved_view import SavedView
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.saved_views import ViewLine, view_line
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core


class SavedViewsState(rx.State):
    noun: str = ""
    rows: list[ViewLine] = []
    is_open: bool = False
    trouble: Words = Words()

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        async with telling(self):
            await self._look()

    async def _look(self) -> None:
        noun = self.router.url.path.strip("/")
        actor = await actor_of(self)
        views = await asyncio.to_thread(core().saved_views.list, actor, noun) if noun in FILTERS else ()
        put(self, noun=noun, rows=[view_line(view, actor.human) for view in views])

    @rx.event
    @requires(Permission.VIEW)
    def open(self) -> None:
        self.is_open, self.trouble = True, Words()

    @rx.event
    @requires(Permission.VIEW)
    def close(self) -> None:
        self.is_open = False

    @rx.event
    @requires(Permission.VIEW)
    async def save(self, form: dict[str, str]) -> None:
        """Keep what the address asks for now."""
        actor = await actor_of(self)
        try:
            name, is_shared = arguments.field(form, "name", longest=100), bool(form.get("is_shared"))
            view = SavedView(0, "", self.noun, name, self._query(), is_shared)
            await asyncio.to_thread(core().saved_views.save, actor, view)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.is_open = False
        tell(await self.get_state(SessionState), words("views.saved", name=name))
        await self._look()

    def _query(self) -> str:
        allowed = FILTERS.get(self.noun, frozenset[str]())
        given = {name: arguments.query(self, name) for name in sorted(allowed)}
        return urlencode({name: value for name, value in given.items() if value})

    @rx.event
    @requires(Permission.VIEW)
    async def remove(self, view_id: int) -> None:
        async with telling(self):
            await asyncio.to_thread(core().saved_views.remove, await actor_of(self), view_id)
            await self._look()
