"""Why may I, why may I not: the table of permissions, and the answer to one question, which stands in the address."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import EVERYWHERE, Actor, Permission, may
from portal.services.access import Explanation, table
from portal.web import arguments
from portal.web.addresses import address
from portal.web.policy import signed_in
from portal.web.presenters.accounts import GrantLine, grant_line, place_options
from portal.web.presenters.marks import BAD, OK, Badge, Option, environment_words, joined
from portal.web.states.live import put
from portal.web.states.session import actor_of, telling
from portal.web.words import Words, same, words
from portal.wiring import core

PATH = "/access"


@dataclass(frozen=True, slots=True)
class Reason:
    """The answer in words: whether, by which grants, and what could change it."""

    badge: Badge = Badge()
    question: Words = Words()
    grants: tuple[GrantLine, ...] = ()
    way_out: Words = Words()
    granters: str = ""


class AccessState(rx.State):
    is_loaded: bool = False
    people: list[str] = []
    permissions: list[Option] = []
    places: list[Option] = []
    person: str = ""
    permission: str = ""
    environment: str = EVERYWHERE
    is_answered: bool = False
    reason: Reason = Reason()

    @rx.event
    @signed_in
    async def load(self) -> None:
        async with telling(self):
            actor = await actor_of(self)
            wanted = {name: arguments.query(self, name) for name in ("person", "permission", "environment")}
            people, places = await asyncio.to_thread(_choices, actor)
            put(
                self,
                is_loaded=True,
                people=people,
                places=places,
                permissions=[Option(p, words(f"permission.{p}")) for p in Permission],
                person=wanted["person"] or actor.human,
                permission=wanted["permission"] or str(Permission.VIEW),
                environment=wanted["environment"] or EVERYWHERE,
                is_answered=False,
            )
            if wanted["permission"]:
                await self._answer(actor)

    async def _answer(self, actor: Actor) -> None:
        permission = Permission(arguments.choice(self.permission, tuple(Permission)))
        asked = core().access.explanation
        found = await asyncio.to_thread(asked, actor, permission, person=self.person, environment=self.environment)
        put(self, is_answered=True, reason=reason(found))

    @rx.event
    @signed_in
    async def ask(self, form: dict[str, str]) -> object:
        """The question goes into the address, so that it can be sent to a colleague."""
        async with telling(self):
            asked = {
                "person": arguments.field(form, "person", longest=64),
                "permission": arguments.choice(arguments.field(form, "permission"), tuple(Permission)),
                "environment": arguments.field(form, "environment", longest=40),
            }
            return rx.redirect(address(PATH, **asked), replace=True)


def reason(found: Explanation) -> Reason:
    answer = found.answer
    mark = Badge(OK, "check", words("access.may")) if answer.is_allowed else Badge(BAD, "x", words("access.may_not"))
    place = words("grant.everywhere") if answer.environment == EVERYWHERE else environment_words(answer.environment)
    asked = joined([same(found.person), words(f"permission.{answer.permission}"), place], " · ")
    return Reason(mark, asked, tuple(map(grant_line, answer.because)), _way_out(found), ", ".join(found.granters))


def _way_out(found: Explanation) -> Words:
    answer = found.answer
    if found.is_disabled:
        return words("access.disabled")
    if answer.is_allowed:
        return words(f"access.by_{_reach(answer.permission)}")
    roles = joined([words(f"role.{role}") for role in answer.would_need], ", ")
    place = words("grant.everywhere") if answer.place == EVERYWHERE else environment_words(answer.place)
    return words("access.would_need", roles=roles or same("-"), place=place)


def _reach(permission: Permission) -> str:
    return next(line.reach for line in table() if line.permission is permission)


def _choices(actor: Actor) -> tuple[list[str], list[Option]]:
    places = core().catalogue.environments(actor) if may(actor, Permission.VIEW) else ()
    return list(core().access.people(actor)), place_options([environment.name for environment in places])
