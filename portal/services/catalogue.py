"""Services, environments and freeze windows: what there is, and who may change it."""

from __future__ import annotations

from portal.domain.access import Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.environment import Environment, FreezeWindow, check_freeze
from portal.domain.plan import Plan, default_plan
from portal.domain.plan_text import parse_plan
from portal.domain.service import Service, check_name, check_service
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.plans import read_plan
from portal.store import catalogue as store
from portal.store.database import Database


class Catalogue:
    """Every change is audited in its own transaction."""

    def __init__(self, database: Database, clock: Clock, audit: Audit) -> None:
        self._database, self._clock, self._audit = database, clock, audit

    def services(self, actor: Actor) -> tuple[Service, ...]:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.services(session)

    def service(self, actor: Actor, name: str) -> Service:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.service(session, name)

    def save_service(self, actor: Actor, service: Service, *, reason: str = "") -> Service:
        """Add it, or replace the one of this name."""
        demand(actor, Permission.SERVICE_EDIT)
        check_service(service)
        with self._database.transaction() as session:
            store.put_service(session, service, self._clock.now())
            self._audit.record(session, _entry(actor, "service.saved", ("service", service.name), reason=reason))
        return service

    def environments(self, actor: Actor) -> tuple[Environment, ...]:
        """In the order of promotion; those in which the actor may see nothing are left out."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.environments(session)

    def environment(self, actor: Actor, name: str) -> Environment:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.environment(session, name)

    def save_environment(self, actor: Actor, environment: Environment, *, reason: str = "") -> Environment:
        """Add it, or replace the one of this name. The plan it carries is checked."""
        demand(actor, Permission.ENVIRONMENT_EDIT, environment.name)
        check_name(environment.name)
        if environment.plan:
            parse_plan(read_plan(environment.plan))
        with self._database.transaction() as session:
            store.put_environment(session, environment, self._clock.now())
            target = ("environment", environment.name)
            entry = _entry(actor, "environment.saved", target, environment=environment.name, reason=reason)
            self._audit.record(session, entry)
        return environment

    def freezes(self, actor: Actor) -> tuple[FreezeWindow, ...]:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.freezes(session)

    def add_freeze(self, actor: Actor, window: FreezeWindow, *, reason: str = "") -> FreezeWindow:
        demand(actor, Permission.FREEZE_EDIT, None if window.environment == "*" else window.environment)
        check_freeze(window)
        with self._database.transaction() as session:
            added = store.add_freeze(session, window)
            target = ("freeze", added.name)
            self._audit.record(
                session, _entry(actor, "freeze.added", target, environment=window.environment, reason=reason)
            )
        return added

    def remove_freeze(self, actor: Actor, freeze_id: int, *, reason: str = "") -> None:
        demand(actor, Permission.FREEZE_EDIT)
        with self._database.transaction() as session:
            gone = store.remove_freeze(session, freeze_id)
            target = ("freeze", gone.name)
            self._audit.record(
                session, _entry(actor, "freeze.removed", target, environment=gone.environment, reason=reason)
            )


def _entry(
    actor: Actor, action: str, target: tuple[str, str], *, environment: str = "", reason: str = ""
) -> AuditEntry:
    return AuditEntry(actor.name, actor.kind, action, target[0], target[1], environment=environment, reason=reason)


def plan_of(environment: Environment) -> Plan:
    """The environment's own plan, or the built-in one of its stage."""
    return parse_plan(read_plan(environment.plan)) if environment.plan else default_plan(environment.stage)
