"""What the parts of the identity service share."""

from __future__ import annotations

import hashlib

from sqlmodel import Session

from portal.domain.access import Actor
from portal.domain.audit import AuditEntry
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.passwords import Passwords
from portal.store.database import Database

SESSION_HOURS = 12


class IdentityPart:
    def __init__(self, database: Database, clock: Clock, audit: Audit, *, session_hours: int = SESSION_HOURS) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._passwords = Passwords()
        self._session_hours = session_hours

    def _record(
        self, session: Session, actor: Actor, action: str, *, target: tuple[str, str], reason: str = "", **params: str
    ) -> None:
        kind, name = target
        words = {"target": name, **params}
        self._audit.record(session, AuditEntry(actor.name, actor.kind, action, kind, name, reason=reason, params=words))


def digest(secret: str) -> str:
    """What is kept of a secret. Secrets are long and random, so that a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
