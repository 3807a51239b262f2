"""Sessions of browsers: one's own, and for those who may edit users everybody's."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import EVERYWHERE, Permission, may
from portal.domain.identity import SessionQuery
from portal.web.addresses import PAGE_SIZE
from portal.web.arguments import offset
from portal.web.policy import signed_in
from portal.web.presenters.accounts import SessionLine, session_line
from portal.web.states.listing import Listing
from portal.web.states.live import put
from portal.web.states.proof import Asking
from portal.web.states.session import actor_of, telling
from portal.web.words import words
from portal.wiring import core

MINE = "mine"


class SessionsState(Listing, Asking, rx.State):
    rows: list[SessionLine] = []

    @rx.event
    @signed_in
    async def load(self) -> None:
        async with telling(self):
            self.dismiss()
            await self._look()

    async def _look(self) -> None:
        wanted, actor = self._wanted("of", "text"), await actor_of(self)
        sees_all = may(actor, Permission.USER_EDIT, EVERYWHERE) and wanted["of"] != MINE
        query = SessionQuery(EVERYWHERE if sees_all else "", wanted["text"], offset(self), PAGE_SIZE)
        page = await asyncio.to_thread(core().identity.sessions, actor, query)
        put(self, rows=[session_line(session) for session in page.items])
        self._show(page, wanted)

    @rx.event
    @signed_in
    async def end(self, form: dict[str, str]) -> None:
        """End the session that was asked about."""
        subject, identity = self.subject, core().identity
        done = await self._do(
            form,
            lambda actor, reason: identity.end_session(actor, subject, reason=reason),
            told=words("done.session_ended"),
        )
        if done:
            await self._look()

    @rx.event
    @signed_in
    async def end_others(self, form: dict[str, str]) -> None:
        """End one's own sessions but this one."""
        identity = core().identity
        done = await self._do(
            form,
            lambda actor, reason: identity.end_sessions(actor, actor.human, reason=reason),
            told=words("done.sessions_ended"),
        )
        if done:
            await self._look()
