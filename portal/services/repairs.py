"""The job that puts a container as it should be in the place of one that is not, without losing a request.

The new one is made beside the old one, passes the proxy's checks, and serves; then the old one drains and goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from portal.domain.access import SYSTEM, Permission
from portal.domain.audit import AuditEntry
from portal.domain.deployment import Replica, replica_name
from portal.domain.drift import Ending
from portal.domain.errors import Conflict, NotFound, PortalError, Refused
from portal.domain.job import Job
from portal.domain.route import ServerState, route_key
from portal.ports.clock import Clock
from portal.ports.traffic import Traffic
from portal.services.audit import Audit
from portal.services.job_run import JobRun
from portal.services.making import Making
from portal.store import catalogue, holds, routing
from portal.store import drift as store
from portal.store.database import Database

STEPS = ("make", "admit", "drain", "remove")
ADMIT_SECONDS = 90.0
DRAIN_SECONDS = 120.0
LOOK_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Repair:
    """`document` has the container's `name`. What is there beside it has a name and an address of its own."""

    database: Database
    clock: Clock
    making: Making
    traffic: Traffic
    audit: Audit
    permission: Permission = Permission.CONTAINER_CONTROL

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        del document
        return STEPS

    def perform(self, step: str, run: JobRun) -> None:
        match step:
            case "make":
                self._make(run)
            case "admit":
                self._admit(run)
            case "drain":
                self._drain(run)
            case _:
                self._remove(run)

    def clean(self, run: JobRun) -> None:
        """A new container that did not come into service goes again, while the old one is still wanted."""
        with self.database.reading() as session:
            old, new = _both(session, run.job)
        if old is None or new is None:
            return
        self._withdraw(new.name)
        self._apply()
        with suppress(PortalError):
            self.making.containers.remove(new.name)
        with self.database.transaction() as session:
            routing.give_back(session, new.name, self.clock.now())

    def _make(self, run: JobRun) -> None:
        with self.database.transaction() as session:
            old, new = _both(session, run.job)
            if new is None:
                if old is None:
                    raise Conflict("container_gone", name=run.document["name"])
                new = self._successor(session, run.job, old)
                routing.add_replica(session, new)
            spec = self.making.spec(session, new)
        self.making.prepare(new)
        self.making.containers.create(spec)
        self.making.containers.start(new.name)

    def _successor(self, session: Session, job: Job, old: Replica) -> Replica:
        address = routing.take_address(session, self.making.network.subnet, self.clock.now())
        return replace(old, name=_new_name(job, old), address=address, operation_id=job.id, is_routed=False)

    def _admit(self, run: JobRun) -> None:
        """Where the old one serves, the new one serves before it goes."""
        with self.database.transaction() as session:
            old, new = _both(session, run.job)
            if new is None:
                raise Conflict("container_gone", name=run.document["name"])
            if old is None or not old.is_routed:
                return
            if not new.is_routed:
                routing.set_routed(session, [new.name], is_routed=True)
                routing.bump(session)
        if not self._comes_to(run, new.name, ServerState.UP, seconds=ADMIT_SECONDS):
            raise Refused("repair_never_healthy", name=new.name, seconds=int(ADMIT_SECONDS))

    def _drain(self, run: JobRun) -> None:
        with self.database.reading() as session:
            old, _ = _both(session, run.job)
        if old is None:
            return
        self._withdraw(old.name)
        self._comes_to(run, old.name, ServerState.ABSENT, seconds=DRAIN_SECONDS)

    def _remove(self, run: JobRun) -> None:
        name = str(run.document["name"])
        with self.database.reading() as session:
            old, _ = _both(session, run.job)
            grace = catalogue.service(session, old.service).stop_grace_seconds if old else 10
        with suppress(Refused, NotFound):  # what somebody else has put under this name stays theirs
            self.making.containers.stop(name, grace_seconds=grace)
            self.making.containers.remove(name)
        with self.database.transaction() as session:
            routing.give_back(session, name, self.clock.now())
            holds.lift(session, name)
            self._end_findings(session, run.job, name)

    def _end_findings(self, session: Session, job: Job, name: str) -> None:
        ending = Ending.HEALED if job.requested_by == SYSTEM.name else Ending.REPAIRED
        found = [f for f in store.open_findings(session).values() if f.place.name == name]
        for finding in found:
            store.end(session, finding.id, ending, by=job.requested_by, at=self.clock.now())
        entry = AuditEntry(
            SYSTEM.name,
            SYSTEM.kind,
            "container.replaced",
            "container",
            name,
            environment=job.environment,
            params={"by": job.requested_by, "fields": ", ".join(finding.field for finding in found)[:200]},
        )
        self.audit.record(session, entry)

    def _withdraw(self, name: str) -> None:
        with self.database.transaction() as session:
            if any(r.name == name and r.is_routed for r in routing.replicas(session)):
                routing.set_routed(session, [name], is_routed=False)
                routing.bump(session)

    def _comes_to(self, run: JobRun, name: str, wanted: ServerState, *, seconds: float) -> bool:
        """Bring the proxy closer until the server is so, or the time is up."""
        end = self.clock.now().timestamp() + seconds
        while self.clock.now().timestamp() < end:
            self._apply()
            servers = {server.name: server.state for server in self.traffic.observe().servers}
            if servers.get(name, ServerState.ABSENT) is wanted:
                return True
            run.wait(LOOK_SECONDS)
        return False

    def _apply(self) -> None:
        with self.database.reading() as session:
            table = routing.table(session)
        with suppress(Conflict):  # somebody else was there with a newer one
            self.traffic.apply(table)


def _both(session: Session, job: Job) -> tuple[Replica | None, Replica | None]:
    """The one that is to go and the one that takes its place, each if it is wanted now."""
    every = {replica.name: replica for replica in routing.replicas(session)}
    old = every.get(str(job.document["name"]))
    new = next((replica for replica in every.values() if replica.operation_id == job.id), None)
    return old, new


def _new_name(job: Job, old: Replica) -> str:
    moment = int(job.created_at.timestamp() * 1000) % 0x1000000
    target = route_key(old.service, old.environment)
    return replica_name(target, old.version, number=old.number, generation=f"{job.id}r{moment:06x}")
