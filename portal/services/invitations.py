"""Links by which people set their own password: on being invited, or when theirs is lost. Each leads in once."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand
from portal.domain.errors import Refused
from portal.domain.identity import (
    Invitation,
    NewPerson,
    User,
    check_display_name,
    check_grants,
    check_hours,
    check_password,
    check_user_name,
)
from portal.services.identity_part import IdentityPart, digest
from portal.services.users import written_grants
from portal.store import invitations as store
from portal.store import sessions, users
from portal.store.tables_identity import InvitationRow, UserRow

RESET_HOURS = 24


class Invitations(IdentityPart):
    def invite(self, actor: Actor, new: NewPerson, *, reason: str = "") -> tuple[str, User]:
        """The secret of the link, which is kept nowhere, and the user, who cannot sign in before it was used."""
        self._demand_editor(actor)
        lasts, now = check_hours(new.hours), self._clock.now()
        row = UserRow(name=check_user_name(new.name), display_name=check_display_name(new.display_name), created_at=now)
        with self._database.transaction() as session:
            users.add(session, row, check_grants(new.grants))
            secret = _add(session, actor, user=new.name, kind="invitation", times=(now, now + lasts))
            what = {"roles": written_grants(new.grants), "hours": str(new.hours)}
            self._record(session, actor, "user.invited", target=("user", new.name), reason=reason, **what)
            return secret, users.user(session, new.name)

    def make_reset_link(self, actor: Actor, name: str, *, hours: int = RESET_HOURS, reason: str = "") -> str:
        """The secret of a link for somebody who has lost password or invitation; earlier links of theirs end."""
        self._demand_editor(actor)
        lasts, now = check_hours(hours), self._clock.now()
        with self._database.transaction() as session:
            row = users.row(session, name)
            kind = "reset" if row.signed_in_at or row.password_hash else "invitation"
            secret = _add(session, actor, user=name, kind=kind, times=(now, now + lasts))
            self._record(session, actor, "user.reset_link_made", target=("user", name), reason=reason, hours=str(hours))
            return secret

    def end_invitation(self, actor: Actor, name: str, *, reason: str = "") -> int:
        """Links of the user lead nowhere afterwards; how many there were."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        with self._database.transaction() as session:
            ended = store.end_all(session, name, self._clock.now())
            self._record(session, actor, "user.invitation_ended", target=("user", name), reason=reason)
            return ended

    def invitations(self, actor: Actor) -> dict[str, Invitation]:
        """The link of each user who has one that still leads in."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        with self._database.reading() as session:
            return store.open_ones(session, self._clock.now())

    def accept_invitation(self, secret: str, password: str, *, address: str) -> str:
        """Set the password of whom the link is for; their name. Their sessions end.

        Refused("invitation_over") for one that is unknown, used, ended or too old, without saying which.
        """
        self._refuse_address(address)
        with self._database.reading() as session:
            found = store.by_digest(session, digest(secret))
        if found is None or not found.is_open(self._clock.now()):
            self._note_bad_address(address)
            raise Refused("invitation_over")
        hashed = self._passwords.hash(check_password(password, found.user))
        with self._database.transaction() as session:
            row, now = users.row(session, found.user), self._clock.now()
            if row.is_disabled or not found.is_open(now) or not store.use(session, found.id, now):
                raise Refused("invitation_over")
            row.password_hash, row.is_password_temporary = hashed, False
            row.failures, row.locked_until = 0, None
            sessions.close_sessions(session, row.name)
            sessions.end_steps(session, row.name)
            self._record(session, Actor(row.name), "user.invitation_accepted", target=("user", row.name))
            return row.name

    def _refuse_address(self, address: str) -> None:
        raise NotImplementedError

    def _note_bad_address(self, address: str) -> None:
        raise NotImplementedError


def _add(session: Session, actor: Actor, *, user: str, kind: str, times: tuple[datetime, datetime]) -> str:
    secret, (now, ends) = secrets.token_urlsafe(32), times
    row = InvitationRow(
        digest=digest(secret), user=user, kind=kind, created_by=actor.name, created_at=now, expires_at=ends
    )
    store.add(session, row)
    return secret
