"""Support: what readers said about the documentation, and answering it."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.domain.audit import AuditQuery
from portal.domain.errors import NotFound, PortalError
from portal.domain.feedback import FEEDBACK_SORTS, LONGEST_ANSWER, FeedbackQuery
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.support import FeedbackCard, FeedbackLine, feedback_card, feedback_line
from portal.web.presenters.timeline import Line, lines
from portal.web.states.listing import Listing, loading
from portal.web.states.live import put
from portal.web.states.proof import Asking
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

MOST_HISTORY = 20


class SupportState(Listing, Asking, rx.State):
    """The list, and the one feedback whose page is open in `card`."""

    rows: list[FeedbackLine] = []
    card: FeedbackCard = FeedbackCard()
    history: list[Line] = []
    missing: Words = Words()
    is_open: bool = False

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        async with loading(self):
            wanted = self._wanted("state", "language", "helpful", "text")
            query = FeedbackQuery(
                **wanted, sort=self._sort(FEEDBACK_SORTS), offset=arguments.offset(self), limit=PAGE_SIZE
            )
            page = await asyncio.to_thread(core().support.page, await actor_of(self), query)
            put(self, rows=[feedback_line(feedback) for feedback in page.items])
            self._show(page, wanted, sorts=FEEDBACK_SORTS)

    @rx.event
    @requires(Permission.VIEW)
    async def load_one(self) -> None:
        self.reset()
        async with telling(self):
            try:
                number = arguments.number(arguments.segments(self, 1)[0])
                await self._look(number)
            except NotFound as error:
                self.missing = error_words(error)

    async def _look(self, number: int) -> None:
        card, history = await asyncio.to_thread(_fetch, await actor_of(self), number)
        put(self, card=card, history=history, is_open=True, objection=Words())

    @rx.event
    @requires(Permission.SUPPORT_ANSWER)
    async def answer(self, form: dict[str, str]) -> None:
        try:
            number, text = self._number(), arguments.field(form, "answer", longest=LONGEST_ANSWER)
            await asyncio.to_thread(core().support.answer, await actor_of(self), number, text=text)
        except PortalError as error:
            self.objection = error_words(error)
            return
        await self._look(number)
        tell(await self.get_state(SessionState), words("done.feedback_answered"))

    @rx.event
    @requires(Permission.SUPPORT_ANSWER)
    async def close(self, form: dict[str, str]) -> None:
        number, support = self._number(), core().support
        done = await self._do(
            form,
            lambda actor, reason: support.close(actor, number, reason=reason),
            told=words("done.feedback_closed"),
        )
        if done:
            await self._look(number)

    @rx.event
    @requires(Permission.SUPPORT_ANSWER)
    async def reopen(self, form: dict[str, str]) -> None:
        number, support = self._number(), core().support
        done = await self._do(
            form,
            lambda actor, reason: support.reopen(actor, number, reason=reason),
            told=words("done.feedback_reopened"),
        )
        if done:
            await self._look(number)

    def _number(self) -> int:
        return arguments.number(self.card.line.id)


def _fetch(actor: Actor, number: int) -> tuple[FeedbackCard, list[Line]]:
    feedback = core().support.feedback(actor, number)
    can_answer = may(actor, Permission.SUPPORT_ANSWER, EVERYWHERE)
    query = AuditQuery(target_kind="feedback", target=str(number), limit=MOST_HISTORY)
    entries = core().audit.page(actor, query).items if may(actor, Permission.AUDIT_READ, EVERYWHERE) else ()
    return feedback_card(feedback, can_answer=can_answer), lines(entries)
