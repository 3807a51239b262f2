"""Stores of data and copies between them: who may ask for one, who has to agree, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel import Session

from portal.domain.access import SYSTEM, Actor, Permission, demand, may
from portal.domain.audit import AuditEntry
from portal.domain.data_store import (
    CopyApproval,
    CopyState,
    DataCopy,
    DataStore,
    Taint,
    about_store,
    approvals_needed,
    check_copy,
    check_store,
)
from portal.domain.errors import Conflict, Invalid, Refused
from portal.domain.job import Job
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.services.data_copy_job import KIND
from portal.services.jobs import JobOrder, Jobs
from portal.services.rollouts import check_reason
from portal.services.secret_box import SecretBox
from portal.store import catalogue
from portal.store import copies as store
from portal.store.database import Database

LONGEST_PASSWORD = 1000


@dataclass(frozen=True, slots=True)
class DataView:
    """What an environment's page shows of its data."""

    stores: tuple[DataStore, ...]
    taints: tuple[Taint, ...]
    copies: tuple[DataCopy, ...]


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """From one store to another, each named by environment and name."""

    source: tuple[str, str]
    target: tuple[str, str]


@dataclass(frozen=True, slots=True)
class DataCopies:
    database: Database
    clock: Clock
    audit: Audit
    jobs: Jobs
    containers: Containers
    box: SecretBox

    def view(self, actor: Actor, environment: str) -> DataView:
        demand(actor, Permission.VIEW, environment)
        with self.database.reading() as session:
            return DataView(
                store.stores(session, environment),
                store.taints(session, environment),
                tuple(c for c in store.copies(session, environment) if _may_see(actor, c)),
            )

    def stores(self, actor: Actor) -> tuple[DataStore, ...]:
        """Of all environments from which the actor may copy."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            every = store.stores(session)
        return tuple(s for s in every if may(actor, Permission.DATA_COPY, s.environment))

    def save_store(self, actor: Actor, given: DataStore, *, password: str | None, reason: str) -> DataStore:
        """Add it, or replace the one of this name; `password` None keeps the one there is."""
        demand(actor, Permission.DATA_COPY, given.environment)
        check_store(given)
        check_reason(reason)
        if password is not None and not 0 < len(password) <= LONGEST_PASSWORD:
            raise Invalid("store_password_bad", field="password")
        about = about_store(given.environment, given.name)
        sealed = None if password is None else self.box.seal(password.encode(), about=about)
        with self.database.transaction() as session:
            catalogue.environment(session, given.environment)
            store.put_store(session, given, sealed_password=sealed)
            self._record(session, actor, "store.saved", (given.environment, given.name), reason=reason)
            return store.store(session, given.environment, given.name)

    def remove_store(self, actor: Actor, environment: str, name: str, *, reason: str) -> None:
        """The portal forgets it; the data itself stays where it is."""
        demand(actor, Permission.DATA_COPY, environment)
        check_reason(reason)
        with self.database.transaction() as session:
            store.remove_store(session, environment, name)
            self._record(session, actor, "store.removed", (environment, name), reason=reason)

    def lift_taint(self, actor: Actor, environment: str, name: str, *, reason: str) -> None:
        """Somebody answers for it that the data may be here like any other; takes the right to approve here."""
        demand(actor, Permission.ROLLOUT_APPROVE, environment)
        check_reason(reason)
        with self.database.transaction() as session:
            store.lift_taint(session, environment, name)
            self._record(session, actor, "store.taint_lifted", (environment, name), reason=reason)

    def copy(self, actor: Actor, number: int) -> DataCopy:
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            found = store.copy(session, number)
        demand(actor, Permission.VIEW, found.target[0])
        return found

    def ask(self, actor: Actor, order: CopyOrder, *, reason: str) -> DataCopy:
        """What is at the target will be overwritten: at once, or into prod and dr once two others have agreed."""
        for environment, _ in (order.source, order.target):
            demand(actor, Permission.DATA_COPY, environment)
        check_reason(reason)
        if self.containers.about().is_demonstration:
            raise Refused("copy_needs_engine")
        with self.database.transaction() as session:
            check_copy(store.store(session, *order.source), store.store(session, *order.target))
            needed = approvals_needed(catalogue.environment(session, order.target[0]).stage)
            draft = DataCopy(
                id=0,
                source=order.source,
                target=order.target,
                requested_by=actor.human,
                reason=reason,
                created_at=self.clock.now(),
                state=CopyState.AWAITING if needed else CopyState.STARTED,
                needed=needed,
            )
            asked = store.add_copy(session, draft)
            params = {"from": "/".join(order.source), "copy": str(asked.id)}
            self._record(session, actor, "copy.asked", order.target, reason=reason, **params)
        return asked if needed else self._start(actor, asked)

    def decide(self, actor: Actor, number: int, *, is_approved: bool, reason: str) -> DataCopy:
        """One of the people who have to agree, none of them the one who asked. The last of them starts it."""
        check_reason(reason)
        with self.database.transaction() as session:
            found = store.copy(session, number, is_locked=True)
            demand(actor, Permission.ROLLOUT_APPROVE, found.target[0])
            if found.state is not CopyState.AWAITING:
                raise Refused("copy_decided", id=number)
            if actor.human == found.requested_by:
                raise Refused("copy_own", id=number)
            if any(given.by == actor.human for given in found.approvals):
                raise Conflict("copy_answered", id=number)
            given = CopyApproval(actor.human, is_approved, reason, self.clock.now())
            after = replace(found, approvals=(*found.approvals, given))
            if not is_approved:
                after = replace(after, state=CopyState.REJECTED)
            store.change_copy(session, after)
            action = "copy.approved" if is_approved else "copy.rejected"
            self._record(session, actor, action, found.target, reason=reason, copy=str(number))
        is_ready = after.state is CopyState.AWAITING and after.given >= after.needed
        return self._start(actor, after) if is_ready else after

    def _start(self, actor: Actor, asked: DataCopy) -> DataCopy:
        """By right of whoever asked for it and those who agreed; the last of them need not have it."""
        job = self._job(actor, asked)
        after = replace(asked, state=CopyState.STARTED, job_id=job.id)
        with self.database.transaction() as session:
            store.change_copy(session, after)
        return after

    def _job(self, actor: Actor, asked: DataCopy) -> Job:
        target = "/".join(asked.target)
        document = {"copy": asked.id, "source": list(asked.source), "target": list(asked.target)}
        order = JobOrder(KIND, target, document, asked.target[0], asked.reason, f"data:{target}")
        return self.jobs.start(SYSTEM if asked.needed else actor, order)

    def _record(
        self, session: Session, actor: Actor, action: str, place: tuple[str, str], *, reason: str, **params: str
    ) -> None:
        entry = AuditEntry(actor.name, actor.kind, action, "store", place[1], environment=place[0], reason=reason)
        self.audit.record(session, replace(entry, params=params))


def _may_see(actor: Actor, copy: DataCopy) -> bool:
    return may(actor, Permission.VIEW, copy.source[0]) and may(actor, Permission.VIEW, copy.target[0])
