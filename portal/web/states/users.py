"""The list of users, with its filters and order in the address."""

from __future__ import annotations

import asyncio
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import PortalError
from portal.domain.identity import USER_ORDERS, USER_STATES, User, UserQuery
from portal.domain.page import Page
from portal.web import arguments
from portal.web.addresses import PAGE_SIZE
from portal.web.policy import requires
from portal.web.presenters.accounts import UserLine, place_options, role_options, user_line
from portal.web.presenters.marks import Option
from portal.web.states.listing import Listing
from portal.web.states.live import put
from portal.web.states.session import actor_of
from portal.web.words import error_words, words
from portal.wiring import core


class UsersState(Listing, rx.State):
    rows: list[UserLine] = []
    roles: list[Option] = []
    places: list[Option] = []
    states: list[Option] = []

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        wanted = self._wanted("role", "environment", "state", "text")
        query = UserQuery(**wanted, sort=self._sort(USER_ORDERS), offset=arguments.offset(self), limit=PAGE_SIZE)
        try:
            page, seen = await asyncio.to_thread(_fetch, await actor_of(self), query)
        except PortalError as error:
            put(self, trouble=error_words(error), rows=[])
            return
        put(self, **seen)
        self._show(page, wanted, sorts=USER_ORDERS)


def _fetch(actor: Actor, query: UserQuery) -> tuple[Page[User], dict[str, Any]]:
    page, now = core().identity.users_page(actor, query), core().clock.now()
    invitations = core().identity.invitations(actor)
    names = [environment.name for environment in core().catalogue.environments(actor)]
    return page, {
        "rows": [user_line(user, now, invitations.get(user.name)) for user in page.items],
        "roles": role_options(),
        "places": place_options(names),
        "states": [Option(state, words(f"user_state.{state}")) for state in USER_STATES],
    }
