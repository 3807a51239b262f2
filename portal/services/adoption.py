"""Makes what somebody changed by hand what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portal.domain.access import Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.container import Limits
from portal.domain.deployment import Replica
from portal.domain.drift import Ending, Finding
from portal.domain.errors import Conflict, NotFound, Refused
from portal.domain.route import route_key
from portal.domain.service import Service
from portal.kit.redaction import looks_secret
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.services.catalogue import Catalogue
from portal.store import catalogue, deployments, operations, routing
from portal.store import drift as store
from portal.store.database import Database

_FIELD_OF = {"cpu": "cpu_cores", "memory": "memory_bytes", "pids": "pids", "log": "log_bytes"}


@dataclass(frozen=True, slots=True)
class Adoption:
    database: Database
    clock: Clock
    audit: Audit
    containers: Containers
    catalogue: Catalogue

    def permission(self, finding: Finding) -> Permission:
        """What it takes: a limit or a variable belongs to the service, wherever it runs."""
        return Permission.CONTAINER_CONTROL if finding.field == "presence" else Permission.SERVICE_EDIT

    def adopt(self, actor: Actor, finding: Finding, entry: AuditEntry) -> None:
        if finding.field == "presence":
            self._want_one_fewer(actor, finding, entry)
            return
        demand(actor, Permission.SERVICE_EDIT)
        with self.database.reading() as session:
            service = catalogue.service(session, finding.place.service)
        changed = self._changed(service, finding)
        self.catalogue.save_service(actor, changed, reason=entry.reason)
        with self.database.transaction() as session:
            store.end(session, finding.id, Ending.ADOPTED, by=actor.human, at=self.clock.now())
            self.audit.record(session, entry)

    def _changed(self, service: Service, finding: Finding) -> Service:
        """The service as the container has it now. Refused("adopt_secret"): secrets do not belong there."""
        kind, _, name = finding.field.partition(".")
        details = self.containers.details(finding.place.name)
        if kind == "limits":
            return replace(service, limits=_limits(service.limits, details.limits, name))
        if looks_secret(name):
            raise Refused("adopt_secret", name=name)
        others = {key: value for key, value in service.environment.items() if key != name}
        there = {name: details.environment[name]} if name in details.environment else {}
        return replace(service, environment={**others, **there})

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


def _limits(wanted: Limits, found: Limits, name: str) -> Limits:
    field = _FIELD_OF.get(name)
    if field is None:
        raise Refused("not_adoptable", field=f"limits.{name}")
    values = {**{each: getattr(wanted, each) for each in Limits.__slots__}, field: getattr(found, field)}
    return Limits(**values)
