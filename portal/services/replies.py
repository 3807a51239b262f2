"""Answers kept under an idempotency key, for acts that have no key of their own."""

from __future__ import annotations

from portal.domain.access import Actor
from portal.ports.clock import Clock
from portal.store import idempotency
from portal.store.database import Database
from portal.store.idempotency import Keyed


class Replies:
    """The act and its answer are two transactions: after a crash in between a repetition does the act again, so only
    acts that can be done once by their nature (a release, a user) or that do no harm twice may rely on it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def reply(self, actor: Actor, key: str, *, fingerprint: str) -> str | None:
        """What was answered before; Conflict("idempotency_key_reused") if the key was used for something else."""
        with self._database.reading() as session:
            return idempotency.recall(session, Keyed(actor.name, key, fingerprint))

    def keep(self, actor: Actor, key: str, *, fingerprint: str, reply: str) -> None:
        """Conflict("idempotency_in_progress") if the same request was answered by another thread meanwhile."""
        with self._database.transaction() as session:
            asked = Keyed(actor.name, key, fingerprint)
            if idempotency.recall(session, asked) is None:
                idempotency.remember(session, asked, answer=reply, at=self._clock.now())
