"""One entry of the audit trail, with what speaks for it."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.audit import AuditQuery
from portal.domain.errors import NotFound
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.audit import AuditCard, AuditLine, ProofCard, audit_card, audit_line, proof_card
from portal.web.states.live import put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words
from portal.wiring import core

MOST_MORE = 6


class AuditEntryState(rx.State):
    """`more` are the newest other entries about the same thing."""

    is_loaded: bool = False
    missing: Words = Words()
    card: AuditCard = AuditCard()
    proof: ProofCard = ProofCard()
    more: list[AuditLine] = []

    @rx.event
    @requires(Permission.AUDIT_READ)
    async def load(self) -> None:
        self.reset()
        async with telling(self):
            try:
                number = arguments.number(arguments.segments(self, 1)[0])
                card, proof, more = await asyncio.to_thread(_fetch, await actor_of(self), number)
            except NotFound as error:
                self.missing = error_words(error)
                return
            put(self, is_loaded=True, card=card, proof=proof, more=more)


def _fetch(actor: Actor, number: int) -> tuple[AuditCard, ProofCard, list[AuditLine]]:
    entry, proof = core().audit.entry(actor, number), core().audit.proof(actor, number)
    query = AuditQuery(target_kind=entry.target_kind, target=entry.target, limit=MOST_MORE)
    others = core().audit.page(actor, query).items
    more = [audit_line(other) for other in others if other.sequence != number][: MOST_MORE - 1]
    return audit_card(entry), proof_card(entry, proof, core().audit.public_key()), more
