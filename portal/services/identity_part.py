"""What the parts of the identity service share."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, demand_proof
from portal.domain.audit import AuditEntry
from portal.domain.errors import Refused
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.passwords import Passwords
from portal.services.secret_box import SecretBox
from portal.store.database import Database

SESSION_HOURS = 12


class IdentityPart:
    def __init__(
        self, database: Database, clock: Clock, audit: Audit, *, box: SecretBox, session_hours: int = SESSION_HOURS
    ) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._passwords, self._box = Passwords(), box
        self._session_hours = session_hours

    @property
    def database(self) -> Database:
        return self._database

    def now(self) -> datetime:
        return self._clock.now()

    def note(self, session: Session, actor: Actor, action: str, *, user: str, **params: str) -> None:
        """An entry of the audit trail about a user, for what is done to accounts elsewhere."""
        self._record(session, actor, action, target=("user", user), **params)

    def _record(
        self, session: Session, actor: Actor, action: str, *, target: tuple[str, str], reason: str = "", **params: str
    ) -> None:
        kind, name = target
        words = {"target": name, **params}
        self._audit.record(session, AuditEntry(actor.name, actor.kind, action, kind, name, reason=reason, params=words))

    def _demand_editor(self, actor: Actor) -> None:
        """Who may edit users, and has just shown to be who they are."""
        demand(actor, Permission.USER_EDIT, EVERYWHERE)
        demand_proof(actor, self._clock.now())

    def _demand_self_or_editor(self, actor: Actor, name: str) -> None:
        """For what everybody may do with their own account, and those who edit users with that of others."""
        if name == actor.human:
            demand_whole(actor)
        else:
            self._demand_editor(actor)


def demand_whole(actor: Actor) -> None:
    """The account itself is not for tokens that were narrowed. Refused("not_signed_in" | "token_too_narrow")."""
    if actor.is_anonymous:
        raise Refused("not_signed_in")
    if actor.scopes is not None:
        raise Refused("token_too_narrow")


def digest(secret: str) -> str:
    """What is kept of a secret. Secrets are long and random, so that a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
