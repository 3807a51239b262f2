"""Answers why somebody may or may not do something, and who could change that."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.access import EVERYWHERE, Actor, Answer, Permission, Reach, Role, demand, explain, reach_of
from portal.domain.access import PERMISSIONS_OF as TABLE
from portal.domain.errors import Refused
from portal.store import users as store
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class Explanation:
    """`granters` are the people who could give the role that is missing, or take the one that allows it."""

    person: str
    answer: Answer
    is_disabled: bool
    granters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a permission, where a role has to be given for it, and the roles that have it."""

    permission: Permission
    reach: Reach
    roles: tuple[Role, ...]


def table() -> tuple[Line, ...]:
    """All permissions and roles: what the checks, the page and the documents are made from."""
    return tuple(
        Line(permission, reach_of(permission), tuple(role for role in Role if permission in TABLE[role]))
        for permission in Permission
    )


class Access:
    def __init__(self, database: Database) -> None:
        self._database = database

    def explanation(
        self, actor: Actor, permission: Permission, *, person: str = "", environment: str = EVERYWHERE
    ) -> Explanation:
        """Of oneself, or of another for those who may edit users. NotFound("user_missing")."""
        if actor.is_anonymous:
            raise Refused("not_signed_in")
        if person not in ("", actor.human):
            demand(actor, Permission.USER_EDIT, EVERYWHERE)
        name = person or actor.human
        with self._database.reading() as session:
            user = store.user(session, name)
            granters = store.administrators(session)
        answer = explain(Actor(name, grants=user.grants), permission, environment)
        return Explanation(name, answer, user.is_disabled, granters)

    def people(self, actor: Actor) -> tuple[str, ...]:
        """Whom the actor may ask about."""
        if actor.is_anonymous:
            raise Refused("not_signed_in")
        with self._database.reading() as session:
            may_ask = explain(actor, Permission.USER_EDIT).is_allowed
            return tuple(user.name for user in store.users(session)) if may_ask else (actor.human,)
