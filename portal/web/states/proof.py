"""Dangerous acts: the password or a code is asked for again where the last proof of who sits there is too old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import reflex as rx

from portal.domain.access import Actor
from portal.domain.errors import PortalError
from portal.web import arguments
from portal.web.addresses import address
from portal.web.policy import signed_in
from portal.web.states.live import put
from portal.web.states.session import SessionState, actor_of, remember, tell
from portal.web.words import Words, error_words
from portal.wiring import core

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Done(Generic[Made]):
    """What an act has made; there is none if it was refused."""

    made: Made


class ProofState(rx.State):
    """`is_wanted`: forms of dangerous acts show how to prove who sits there: by password, by code, or by signing in
    anew at the `provider`, to which `start` leads and from there back to the page.
    """

    is_wanted: bool = False
    has_password: bool = True
    has_code: bool = False
    provider: str = ""
    start: str = ""


class Asking(rx.State, mixin=True):
    """Asks before it acts: `asked` is the act whose question is open and `subject` what it is about.

    The forms may have the fields `reason` and `proof`. `portal.web.components.asking.question` shows the question.
    """

    asked: str = ""
    subject: str = ""
    objection: Words = Words()

    @rx.event
    @signed_in
    def ask(self, act: str, subject: str) -> None:
        self.asked, self.subject = arguments.text(act, longest=40), arguments.text(subject, longest=100)
        self.objection = Words()

    @rx.event
    @signed_in
    def dismiss(self) -> None:
        self.asked, self.subject, self.objection = "", "", Words()

    async def _do(self, form: object, act: Callable[[Actor, str], Made], *, told: Words) -> Done[Made] | None:
        """Carry out what was asked, as who sent the form and with its reason, in a thread; None if it was refused."""
        try:
            actor = await acting(self, form)
            made = await asyncio.to_thread(act, actor, arguments.field(form, "reason"))
        except PortalError as error:
            self.objection = await objection(self, error)
            return None
        self.asked, self.subject, self.objection = "", "", Words()
        if told:
            tell(await self.get_state(SessionState), told)
        return Done(made)


async def acting(state: rx.State, form: object) -> Actor:
    """Who acts: proven anew if the form brings a password or a code."""
    actor = await actor_of(state)
    given = isinstance(form, dict) and form.get("proof")
    if not given:
        return actor
    proved = await asyncio.to_thread(core().identity.prove, actor, arguments.secret(form, "proof"))
    remember(await state.get_state(SessionState), proved)
    (await state.get_state(ProofState)).is_wanted = False
    return proved


async def objection(state: rx.State, error: PortalError) -> Words:
    """What went wrong, in words; from now on forms ask for a proof if that is what was missing."""
    if error.code == "proof_needed":
        await _want_proof(state)
    return error_words(error)


async def _want_proof(state: rx.State) -> None:
    user = await asyncio.to_thread(core().identity.user, await actor_of(state))
    external, url = core().external, state.router.url
    here = f"{url.path}?{url.query}" if url.query else url.path
    put(
        await state.get_state(ProofState),
        is_wanted=True,
        has_password=user.has_password,
        has_code=user.has_second_factor,
        provider=external.policy.name if external.is_set_up and not user.has_password else "",
        start=address("/auth/oidc/start", next=here, fresh="1"),
    )
