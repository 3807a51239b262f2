"""The person of this tab, what they may do, and what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import ANONYMOUS, Actor, Permission, may
from portal.domain.errors import PortalError
from portal.web.demonstration import is_demonstration
from portal.web.navigation import error_address
from portal.web.policy import public
from portal.web.words import Words, error_words, words


@dataclass(frozen=True, slots=True)
class Notice:
    """Told at the edge of the page. `tone` is ok or bad; the number tells two equal ones apart; `href`: more of it."""

    number: int = 0
    tone: str = "ok"
    text: Words = Words()
    href: str = ""


class SessionState(rx.State):
    name: str = ""
    initials: str = ""
    roles: list[Words] = []
    permissions: list[str] = []
    is_signed_in: bool = False
    is_demonstration: bool = False
    notice: Notice = Notice()
    _actor: Actor = ANONYMOUS
    _bound_to: str | None = None

    @rx.event
    @public
    def close_notice(self) -> None:
        self.notice = Notice(self.notice.number)

    @rx.event
    @public
    def say_not_allowed(self) -> None:
        tell(self, words("web.not_allowed"), tone="bad")


def remember(session: SessionState, actor: Actor) -> None:
    """Who acts; sends nothing if that has not changed."""
    known = session._actor
    if (actor.session, actor.proved_at) != (known.session, known.proved_at):
        session._actor = actor
    if actor == known and session.is_signed_in is not actor.is_anonymous:
        return
    session._actor = actor
    session.is_signed_in = not actor.is_anonymous
    session.name = "" if actor.is_anonymous else actor.name
    session.initials = session.name[:2].upper()
    session.roles = [words(f"role.{grant.role}") for grant in actor.grants]
    session.permissions = [str(permission) for permission in Permission if may(actor, permission)]
    session.is_demonstration = is_demonstration()


def tell(session: SessionState, text: Words, *, tone: str = "ok", href: str = "") -> None:
    """Show a notice; `tone` is ok or bad."""
    session.notice = Notice(session.notice.number + 1, tone, text, href)


async def actor_of(state: rx.State) -> Actor:
    """Who sent the event that is being handled, as the guard found out."""
    actor = (await state.get_state(SessionState))._actor
    return getattr(actor, "__wrapped__", actor)  # Reflex hands out a proxy that watches for changes


@asynccontextmanager
async def telling(state: rx.State) -> AsyncIterator[None]:
    """A refusal or a failure inside is told to the person in words, and the handler ends well."""
    try:
        yield
    except PortalError as error:
        tell(await state.get_state(SessionState), error_words(error), tone="bad", href=error_address(error.code))
