"""Users: adding, disabling, passwords and roles. A new password or new roles end the sessions that were open before."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, SYSTEM, Actor, Grant, Permission, Role, demand
from portal.domain.errors import Conflict, Invalid, Refused
from portal.domain.identity import (
    USER_ORDERS,
    NewUser,
    User,
    UserQuery,
    check_display_name,
    check_grants,
    check_password,
    check_user_name,
)
from portal.domain.page import Page
from portal.services.identity_part import IdentityPart
from portal.services.passwords import made_password
from portal.store import sessions
from portal.store import users as store
from portal.store.tables_identity import UserRow

FIRST_ADMINISTRATOR = "admin"


class Users(IdentityPart):
    def users(self, actor: Actor) -> tuple[User, ...]:
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        with self._database.reading() as session:
            return store.users(session)

    def users_page(self, actor: Actor, query: UserQuery) -> Page[User]:
        """Invalid("sort_bad") for an order that there is not."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        if query.sort.removeprefix("-") not in USER_ORDERS:
            raise Invalid("sort_bad", field="sort", known=", ".join(USER_ORDERS))
        with self._database.reading() as session:
            return store.page(session, query, self._clock.now())

    def user(self, actor: Actor, name: str = "") -> User:
        """Oneself, or another one for those who may edit users."""
        if name not in ("", actor.human):
            demand(actor, Permission.USER_EDIT, EVERYWHERE)
        with self._database.reading() as session:
            return store.user(session, name or actor.human)

    def create_user(self, actor: Actor, new: NewUser, *, reason: str = "") -> User:
        """Conflict("user_exists"); Invalid(…) for a name or password that is not accepted."""
        self._demand_editor(actor)
        check_grants(new.grants)
        row = self._new_row(new)
        with self._database.transaction() as session:
            store.add(session, row, new.grants)
            roles = written_grants(new.grants)
            self._record(session, actor, "user.created", target=("user", new.name), reason=reason, roles=roles)
            return store.user(session, new.name)

    def set_password(self, actor: Actor, name: str, password: str, *, reason: str = "") -> None:
        """For somebody else, who should change it; all their sessions end."""
        self._demand_editor(actor)
        hashed = self._passwords.hash(check_password(password, name))
        with self._database.transaction() as session:
            row = store.row(session, name)
            row.password_hash, row.is_password_temporary = hashed, True
            row.failures, row.locked_until = 0, None
            _close(session, name)
            self._record(session, actor, "user.password_set", target=("user", name), reason=reason)

    def change_password(self, actor: Actor, old: str, new: str) -> None:
        """One's own; all sessions but the actor's end. Refused("password_wrong")."""
        if actor.kind != "user":
            raise Refused("only_for_users")
        self._check_own_password(actor.name, old)
        hashed = self._passwords.hash(check_password(new, actor.name))
        with self._database.transaction() as session:
            row = store.row(session, actor.name)
            row.password_hash, row.is_password_temporary = hashed, False
            _close(session, actor.name, but=actor.session)
            self._record(session, actor, "user.password_changed", target=("user", actor.name))

    def _check_own_password(self, name: str, password: str) -> None:
        raise NotImplementedError

    def set_grants(self, actor: Actor, name: str, grants: Iterable[Grant], *, reason: str = "") -> User:
        """In place of all that the user had; their sessions end. Refused("last_administrator")."""
        self._demand_editor(actor)
        given = check_grants(tuple(grants))
        with self._database.transaction() as session:
            self.refuse_last_administrator(session, name, given)
            store.row(session, name)
            before = written_grants(store.grants(session, name))
            store.set_grants(session, name, given)
            _close(session, name)
            params = {"before": before, "roles": written_grants(given)}
            self._record(session, actor, "user.grants_set", target=("user", name), reason=reason, **params)
            return store.user(session, name)

    def rename_user(self, actor: Actor, name: str, display_name: str) -> User:
        """Change how the person is shown, of oneself or by those who may edit users; the name itself stays."""
        if name != actor.human:
            demand(actor, Permission.USER_EDIT, EVERYWHERE)
        with self._database.transaction() as session:
            store.row(session, name).display_name = check_display_name(display_name)
            self._record(session, actor, "user.renamed", target=("user", name), display_name=display_name)
            return store.user(session, name)

    def disable(self, actor: Actor, name: str, *, reason: str = "") -> User:
        """Sessions and tokens of the user end at once. Refused("last_administrator")."""
        return self._set_disabled(actor, name, is_disabled=True, reason=reason)

    def enable(self, actor: Actor, name: str, *, reason: str = "") -> User:
        return self._set_disabled(actor, name, is_disabled=False, reason=reason)

    def unlock(self, actor: Actor, name: str, *, reason: str = "") -> User:
        """The user need not wait any longer after failed sign-ins."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        with self._database.transaction() as session:
            row = store.row(session, name)
            row.failures, row.locked_until = 0, None
            self._record(session, actor, "user.unlocked", target=("user", name), reason=reason)
            return store.user(session, name)

    def refuse_last_administrator(self, session: Session, name: str, grants: tuple[Grant, ...]) -> None:
        """Refused("last_administrator") if nobody would be one any more with these roles of the user."""
        if Grant(Role.ADMINISTRATOR) not in grants:
            _refuse_last_administrator(session, name)

    def ensure_administrator(self) -> str | None:
        """The password of a first user `admin`, made if there is no user at all: to be shown once, and changed."""
        with self._database.reading() as session:
            if store.count(session):
                return None
        password = made_password()
        row = self._new_row(NewUser(FIRST_ADMINISTRATOR, password))
        try:
            with self._database.transaction() as session:
                if store.count(session):
                    return None
                store.add(session, row, (Grant(Role.ADMINISTRATOR),))
                self._record(
                    session, SYSTEM, "user.created", target=("user", FIRST_ADMINISTRATOR), roles="administrator"
                )
        except Conflict:
            return None  # another process has just done it
        return password

    def is_first_sign_in_due(self) -> bool:
        """Whether the first administrator, whose password stands in the terminal, has never been signed in."""
        with self._database.reading() as session:
            first = store.find(session, FIRST_ADMINISTRATOR)
            return first is not None and first.signed_in_at is None and not first.is_disabled

    def _new_row(self, new: NewUser) -> UserRow:
        return UserRow(
            name=check_user_name(new.name),
            display_name=check_display_name(new.display_name),
            password_hash=self._passwords.hash(check_password(new.password, new.name)),
            is_password_temporary=new.is_password_temporary,
            created_at=self._clock.now(),
        )

    def _set_disabled(self, actor: Actor, name: str, *, is_disabled: bool, reason: str) -> User:
        self._demand_editor(actor)
        with self._database.transaction() as session:
            if is_disabled:
                _refuse_last_administrator(session, name)
                _close(session, name)
            row = store.row(session, name)
            row.is_disabled, row.failures, row.locked_until = is_disabled, 0, None
            action = "user.disabled" if is_disabled else "user.enabled"
            self._record(session, actor, action, target=("user", name), reason=reason)
            return store.user(session, name)


def _close(session: Session, name: str, *, but: str = "") -> None:
    sessions.close_sessions(session, name, but=but)
    sessions.end_steps(session, name)


def _refuse_last_administrator(session: Session, name: str) -> None:
    if store.lock_administrators(session) == (name,):
        raise Refused("last_administrator", user=name)


def written_grants(grants: Iterable[Grant]) -> str:
    """As `developer, release_manager@prod`."""
    return ", ".join(sorted(g.role if g.environment == EVERYWHERE else f"{g.role}@{g.environment}" for g in grants))
