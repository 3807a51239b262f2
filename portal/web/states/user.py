"""One user: their roles, their ways in, and what an administrator can do about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import reflex as rx

from portal.domain.access import Actor, Permission
from portal.domain.errors import Invalid, PortalError
from portal.domain.identity import MOST_GRANTS, SessionQuery, invitation_path
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters.accounts import (
    GrantLine,
    SessionLine,
    UserLine,
    grant_line,
    grant_of,
    place_options,
    role_options,
    session_line,
    user_line,
)
from portal.web.presenters.marks import Option
from portal.web.states.live import put
from portal.web.states.proof import Asking
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core


class UserState(Asking, rx.State):
    """`draft` are the roles as they are being edited; `link` was just made and is shown once."""

    is_loaded: bool = False
    missing: Words = Words()
    user: UserLine = UserLine()
    sessions: list[SessionLine] = []
    roles: list[Option] = []
    places: list[Option] = []
    draft: list[GrantLine] = []
    is_changed: bool = False
    link: str = ""

    @rx.event
    @requires(Permission.VIEW)
    async def load(self) -> None:
        self.reset()
        await self._look()

    async def _look(self) -> None:
        try:
            (name,) = arguments.segments(self, 1)
            seen = await asyncio.to_thread(look, await actor_of(self), name)
        except PortalError as error:
            put(self, missing=error_words(error))
            return
        put(self, is_loaded=True, is_changed=False, **seen)

    @rx.event
    @requires(Permission.USER_EDIT)
    async def add_grant(self, form: dict[str, str]) -> None:
        """Into the draft alone; nothing counts before it is saved."""
        async with telling(self):
            role = arguments.choice(arguments.field(form, "role"), [option.value for option in self.roles])
            place = arguments.choice(arguments.field(form, "place"), [option.value for option in self.places])
            added = grant_line(grant_of(f"{role}@{place}"))
            if len(self.draft) >= MOST_GRANTS:
                raise Invalid("too_many_grants", limit=MOST_GRANTS)
            if added.key not in {line.key for line in self.draft}:
                self.draft, self.is_changed = [*self.draft, added], True

    @rx.event
    @requires(Permission.USER_EDIT)
    async def drop_grant(self, key: str) -> None:
        async with telling(self):
            arguments.choice(key, [line.key for line in self.draft])
            self.draft, self.is_changed = [line for line in self.draft if line.key != key], True

    @rx.event
    @requires(Permission.USER_EDIT)
    async def save_grants(self, form: dict[str, str]) -> None:
        grants = [grant_of(line.key) for line in self.draft]
        await self._change(form, "grants", lambda a, name, why: core().identity.set_grants(a, name, grants, reason=why))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def disable(self, form: dict[str, str]) -> None:
        await self._change(form, "disable", lambda a, name, why: core().identity.disable(a, name, reason=why))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def enable(self, form: dict[str, str]) -> None:
        await self._change(form, "enable", lambda a, name, why: core().identity.enable(a, name, reason=why))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def unlock(self, form: dict[str, str]) -> None:
        await self._change(form, "unlock", lambda a, name, why: core().identity.unlock(a, name, reason=why))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def sign_out(self, form: dict[str, str]) -> None:
        await self._change(form, "sign_out", lambda a, name, why: core().identity.end_sessions(a, name, reason=why))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def remove_second_factor(self, form: dict[str, str]) -> None:
        remove = core().identity.remove_second_factor
        await self._change(form, "second_factor", lambda a, name, why: remove(a, name, reason=why))

    @rx.event
    @requires(Permission.USER_EDIT)
    async def end_link(self, form: dict[str, str]) -> None:
        await self._change(form, "end_link", lambda a, name, why: core().identity.end_invitation(a, name, reason=why))
        self.link = ""

    @rx.event
    @requires(Permission.USER_EDIT)
    async def make_link(self, form: dict[str, str]) -> None:
        name, make = self.user.name, core().identity.make_reset_link
        done = await self._do(form, lambda actor, why: make(actor, name, reason=why), told=Words())
        if done:
            await self._look()
            self.link = f"{invitation_path(name)}#{done.made}"

    async def _change(self, form: object, act: str, change: Callable[[Actor, str, str], object]) -> None:
        name = self.user.name
        told = words(f"done.user_{act}", name=name)
        if await self._do(form, lambda actor, reason: change(actor, name, reason), told=told):
            await self._look()


def look(actor: Actor, name: str) -> dict[str, Any]:
    identity = core().identity
    user, invitations = identity.user(actor, name), identity.invitations(actor)
    names = [environment.name for environment in core().catalogue.environments(actor)]
    sessions = identity.sessions(actor, SessionQuery(name, limit=20)).items
    return {
        "user": user_line(user, core().clock.now(), invitations.get(name)),
        "draft": [grant_line(grant) for grant in user.grants],
        "sessions": [session_line(session) for session in sessions],
        "roles": role_options(),
        "places": place_options(names),
    }
