"""Inviting somebody: a link by which they set their own password."""

from __future__ import annotations

import asyncio

import reflex as rx

from portal.domain.access import Permission
from portal.domain.errors import PortalError
from portal.domain.identity import NewPerson, invitation_path
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.accounts import grant_of, place_options, role_options
from portal.web.presenters.marks import Option
from portal.web.states.live import put
from portal.web.states.proof import acting, objection
from portal.web.states.session import actor_of, telling
from portal.web.words import Words
from portal.wiring import core

HOURS = ("24", "72", "168")


class InviteState(rx.State):
    is_loaded: bool = False
    roles: list[Option] = []
    places: list[Option] = []
    trouble: Words = Words()
    link: str = ""
    invited: str = ""

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        self.reset()
        async with telling(self):
            environments = await asyncio.to_thread(core().catalogue.environments, await actor_of(self))
            names = [environment.name for environment in environments]
            put(self, is_loaded=True, roles=role_options(), places=place_options(names))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def invite(self, form: dict[str, str]) -> None:
        try:
            role = arguments.choice(arguments.field(form, "role"), ["", *(option.value for option in self.roles)])
            place = arguments.choice(arguments.field(form, "place"), [option.value for option in self.places])
            hours = int(arguments.choice(arguments.field(form, "hours"), HOURS))
            name, display_name = arguments.field(form, "name"), arguments.field(form, "display_name")
            new = NewPerson(name, (grant_of(f"{role}@{place}"),) if role else (), display_name, hours)
            reason, actor = arguments.field(form, "reason"), await acting(self, form)
            secret, user = await asyncio.to_thread(core().identity.invite, actor, new, reason=reason)
        except PortalError as error:
            self.trouble = await objection(self, error)
            return
        self.trouble, self.invited, self.link = Words(), user.name, f"{invitation_path(user.name)}#{secret}"
