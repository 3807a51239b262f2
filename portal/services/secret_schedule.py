"""Rotations of secrets: started by people, or by themselves when they are due; and who is told that one is due."""

from __future__ import annotations

import logging
from datetime import timedelta

from portal.domain.access import EVERYWHERE, SYSTEM, Actor, Permission, demand, demand_proof
from portal.domain.audit import AuditEntry
from portal.domain.errors import Invalid, PortalError
from portal.domain.job import Job
from portal.domain.secret import Secret, VersionState, due_state
from portal.domain.secret_rotation import Generator
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.jobs import JobOrder, Jobs
from portal.services.master_key_rotation import KIND as MASTER_KIND
from portal.services.master_key_rotation import TARGET as MASTER_TARGET
from portal.services.rollouts import check_reason
from portal.services.secret_rotation import KIND
from portal.store import secrets as store
from portal.store.database import Database

TOLD_AGAIN = timedelta(days=7)
_log = logging.getLogger(__name__)


class SecretSchedule:
    def __init__(self, database: Database, clock: Clock, audit: Audit, *, jobs: Jobs) -> None:
        self._database, self._clock, self._audit, self._jobs = database, clock, audit, jobs

    def rotate(self, actor: Actor, environment: str, name: str, *, reason: str = "") -> Job:
        """Start it. Conflict("job_running"), Invalid("secret_not_generated") if there is neither a generator nor a
        version that waits.
        """
        demand(actor, Permission.SECRET_EDIT, environment)
        with self._database.reading() as session:
            secret = store.get(session, environment, name)
        has_next = any(version.state is VersionState.NEXT for version in secret.versions)
        if secret.rotation.generator is Generator.NONE and not has_next:
            raise Invalid("secret_not_generated", field="rotation.generator")
        document = {"environment": environment, "name": name, "cut_over": str(secret.rotation.cut_over)}
        return self._jobs.start(actor, JobOrder(KIND, f"{environment}/{name}", document, environment, reason))

    def change_master_key(self, actor: Actor, *, reason: str) -> Job:
        """Start it; it takes SECRET_EDIT everywhere and a fresh proof. Conflict("job_running")."""
        demand(actor, Permission.SECRET_EDIT, EVERYWHERE)
        check_reason(reason)
        demand_proof(actor, self._clock.now())
        return self._jobs.start(actor, JobOrder(MASTER_KIND, MASTER_TARGET, reason=reason))

    def newest(self, actor: Actor, environment: str, name: str) -> Job | None:
        """The last rotation of a secret, under way or over."""
        demand(actor, Permission.VIEW, environment)
        return self._jobs.newest(KIND, f"{environment}/{name}")

    def look(self) -> int:
        """Start what is due and goes by itself, and tell of the rest: a week before, and once a week from then on.

        How many were started or told of.
        """
        now, done = self._clock.now(), 0
        with self._database.reading() as session:
            due = [one for one in store.every(session) if due_state(one, now)]
        for secret in due:
            is_overdue = due_state(secret, now) == "overdue"
            done += self._begin(secret) if secret.rotation.is_automatic and is_overdue else self._tell(secret)
        return done

    def _begin(self, secret: Secret) -> bool:
        """Once a day at most: one that fails is for people to look at."""
        last = self._jobs.newest(KIND, f"{secret.environment}/{secret.name}")
        if last is not None and self._clock.now() - last.created_at < timedelta(days=1):
            return False
        try:
            self.rotate(SYSTEM, secret.environment, secret.name)
        except PortalError as error:
            _log.warning("rotation not started", extra={"secret": secret.name, "code": error.code})
            return False
        return True

    def _tell(self, secret: Secret) -> bool:
        now, state = self._clock.now(), due_state(secret, self._clock.now())
        with self._database.transaction() as session:
            row = store.row(session, secret.environment, secret.name)
            is_news = row.told_at is None or (secret.due_at is not None and row.told_at < secret.due_at <= now)
            if not is_news and row.told_at is not None and now - row.told_at < TOLD_AGAIN:
                return False
            row.told_at = now
            session.add(row)
            due = secret.due_at.date().isoformat() if secret.due_at else ""
            entry = AuditEntry(
                SYSTEM.name,
                SYSTEM.kind,
                f"secret.{state}",
                "secret",
                f"{secret.environment}/{secret.name}",
                environment=secret.environment,
                params={"name": secret.name, "service": secret.service, "due": due},
            )
            self._audit.record(session, entry)
        return True
