"""Makes what somebody changed by hand what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portal.domain.access import Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.deployment import Replica
from portal.domain.drift import Ending, Finding
from portal.domain.errors import Conflict, NotFound, Refused
from portal.domain.route import route_key
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.store import deployments, operations, routing, scaling
from portal.store import drift as store
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class Adoption:
    database: Database
    clock: Clock
    audit: Audit
    containers: Containers

    def permission(self, finding: Finding) -> Permission:
        """What it takes, in the environment of the finding."""
        return Permission.CONTAINER_CONTROL if finding.field == "presence" else Permission.DEPLOYMENT_SCALE

    def adopt(self, actor: Actor, finding: Finding, entry: AuditEntry) -> None:
        """A bound is set for the service in this environment, as if it had been scaled to it."""
        if finding.field == "presence":
            self._want_one_fewer(actor, finding, entry)
            return
        place = finding.place
        demand(actor, Permission.DEPLOYMENT_SCALE, place.environment)
        limits = self.containers.details(place.name).limits
        with self.database.transaction() as session:
            scale = scaling.get(session, place.service, place.environment)
            if finding.field == "limits.memory":
                scale = replace(scale, memory_bytes=limits.memory_bytes)
            else:
                scale = replace(scale, cpu_cores=limits.cpu_cores)
            scaling.put(session, scale)
            store.end(session, finding.id, Ending.ADOPTED, by=actor.human, at=self.clock.now())
            self.audit.record(session, entry)

    def _want_one_fewer(self, actor: Actor, finding: Finding, entry: AuditEntry) -> None:
        place = finding.place
        demand(actor, Permission.CONTAINER_CONTROL, place.environment)
        if self._is_there(place.name):
            raise Conflict("drift_changed", name=place.name)
        now = self.clock.now()
        with self.database.transaction() as session:
            holder = operations.lock_holder(session, route_key(place.service, place.environment))
            if holder is not None:
                raise Conflict("job_running", target=place.name, operation=holder)
            current = deployments.get(session, place.service, place.environment)
            others = [r for r in routing.replicas(session, place.service, place.environment) if _stays(r, finding)]
            if current is None or not any(replica.slot is current.slot for replica in others):
                raise Refused("last_container", service=place.service, environment=place.environment)
            routing.set_routed(session, [place.name], is_routed=False)
            routing.bump(session)
            routing.give_back(session, place.name, now)
            fewer = sum(replica.slot is current.slot for replica in others)
            deployments.put(session, replace(current, replicas=fewer))
            store.end(session, finding.id, Ending.ADOPTED, by=actor.human, at=now)
            self.audit.record(session, entry)

    def _is_there(self, name: str) -> bool:
        try:
            self.containers.inspect(name)
        except NotFound:
            return False
        return True


def _stays(replica: Replica, finding: Finding) -> bool:
    return replica.name != finding.place.name
