"""API tokens: making one, seeing who has which, and revoking."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.domain.errors import PortalError
from portal.domain.identity import Token, TokenOrder, TokenQuery
from portal.domain.page import Page
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.accounts import TokenLine, token_line
from portal.web.presenters.marks import Option
from portal.web.states.listing import Listing
from portal.web.states.live import put
from portal.web.states.proof import Asking, acting, objection
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, words
from portal.wiring import core

DAYS = ("7", "30", "90", "365")
MINE, OPEN = "mine", "valid"


class TokensState(Listing, Asking, rx.State):
    rows: list[TokenLine] = []

    @rx.event
    @requires(Permission.TOKEN_OWN)
    async def load(self) -> None:
        async with telling(self):
            self.dismiss()
            await self._look()

    async def _look(self) -> None:
        wanted, actor = self._wanted("of", "state", "text"), await actor_of(self)
        page = await asyncio.to_thread(_fetch, actor, wanted, arguments.offset(self))
        now = core().clock.now()
        put(self, rows=[token_line(token, now) for token in page.items])
        self._show(page, wanted)

    @rx.event
    @requires(Permission.TOKEN_OWN)
    async def revoke(self, form: dict[str, str]) -> None:
        number, identity = self.subject, core().identity
        done = await self._do(
            form,
            lambda actor, reason: identity.revoke_token(actor, arguments.number(number), reason=reason),
            told=words("done.token_revoked"),
        )
        if done:
            await self._look()


def _fetch(actor: Actor, wanted: dict[str, str], start: int) -> Page[Token]:
    sees_all = may(actor, Permission.USER_EDIT, EVERYWHERE) and wanted["of"] != MINE
    user, only_valid = EVERYWHERE if sees_all else "", wanted["state"] == OPEN
    query = TokenQuery(user, wanted["text"], is_valid=only_valid, offset=start, limit=PAGE_SIZE)
    return core().identity.tokens_page(actor, query)


class NewTokenState(rx.State):
    """`secret` was just made and is shown once."""

    is_loaded: bool = False
    scopes: list[Option] = []
    trouble: Words = Words()
    secret: str = ""

    @rx.event
    @requires(Permission.TOKEN_OWN)
    async def load(self) -> None:
        self.reset()
        actor = await actor_of(self)
        mine = [permission for permission in Permission if may(actor, permission)]
        put(self, is_loaded=True, scopes=[Option(p, words(f"permission.{p}")) for p in mine])

    @rx.event
    @requires(Permission.TOKEN_OWN)
    async def create(self, form: dict[str, str]) -> None:
        try:
            days = int(arguments.choice(arguments.field(form, "days"), DAYS))
            chosen = frozenset(Permission(o.value) for o in self.scopes if arguments.field(form, f"scope.{o.value}"))
            is_whole = arguments.field(form, "is_whole") != ""
            order = TokenOrder(arguments.field(form, "name"), "", None if is_whole else chosen, days)
            actor = await acting(self, form)
            secret, _ = await asyncio.to_thread(core().identity.create_token, actor, order)
        except PortalError as error:
            self.trouble = await objection(self, error)
            return
        self.trouble, self.secret = Words(), secret
