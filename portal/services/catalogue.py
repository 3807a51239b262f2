"""Services, environments and freeze windows: what there is, and who may change it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, environments_with
from portal.domain.audit import AuditEntry
from portal.domain.dependencies import check_dependencies
from portal.domain.environment import Environment, FreezeWindow, check_environment, check_freeze, ended
from portal.domain.errors import Invalid, NotFound, Refused
from portal.domain.plan import Plan, default_plan
from portal.domain.plan_text import parse_plan
from portal.domain.service import Service, check_name, check_service
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.plans import read_plan
from portal.services.releases import check_public_key
from portal.store import catalogue as store
from portal.store import deployments, rollouts
from portal.store.database import Database

_Kept = Service | Environment


class Catalogue:
    """Every change is audited in its own transaction."""

    def __init__(self, database: Database, clock: Clock, audit: Audit) -> None:
        self._database, self._clock, self._audit = database, clock, audit

    def services(self, actor: Actor, *, has_archived: bool = False) -> tuple[Service, ...]:
        """By name; archived ones only if asked for."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.services(session, has_archived=has_archived)

    def service(self, actor: Actor, name: str) -> Service:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.service(session, name)

    def save_service(self, actor: Actor, service: Service, *, reason: str = "") -> Service:
        """Add it, or replace the one of this name.

        Invalid(…) for a field that cannot be, a dependency that there is not, or a circle of them.
        """
        demand(actor, Permission.SERVICE_EDIT, EVERYWHERE)
        check_service(service)
        with self._database.transaction() as session:
            every = store.services(session, has_archived=True)
            check_dependencies(service, every)
            before = next((known for known in every if known.name == service.name), None)
            kept = replace(service, is_archived=before.is_archived if before else False)
            self._put(session, actor, "service.saved", (before, kept), reason)
        return kept

    def archive_service(self, actor: Actor, name: str, *, is_archived: bool, reason: str = "") -> Service:
        """Put it away, or take it out again. Refused("service_in_use") as long as it runs or is needed somewhere."""
        demand(actor, Permission.SERVICE_EDIT, EVERYWHERE)
        with self._database.transaction() as session:
            before = store.service(session, name)
            if is_archived:
                _refuse_used_service(session, name)
            action = "service.archived" if is_archived else "service.restored"
            self._put(session, actor, action, (before, replace(before, is_archived=is_archived)), reason)
        return replace(before, is_archived=is_archived)

    def environments(self, actor: Actor, *, has_archived: bool = False) -> tuple[Environment, ...]:
        """In the order of promotion; those in which the actor may see nothing are left out."""
        demand(actor, Permission.VIEW)
        seen = environments_with(actor, Permission.VIEW)
        with self._database.reading() as session:
            every = store.environments(session, has_archived=has_archived)
        return tuple(place for place in every if seen is None or place.name in seen)

    def environment(self, actor: Actor, name: str) -> Environment:
        demand(actor, Permission.VIEW, name)
        with self._database.reading() as session:
            return store.environment(session, name)

    def save_environment(self, actor: Actor, environment: Environment, *, reason: str = "") -> Environment:
        """Add it, or replace the one of this name. The plan and the key it carries are checked."""
        demand(actor, Permission.ENVIRONMENT_EDIT, environment.name)
        check_name(environment.name)
        check_environment(environment)
        check_public_key(environment.protection.signature_key)
        if environment.plan:
            parse_plan(read_plan(environment.plan))
        with self._database.transaction() as session:
            every = store.environments(session, has_archived=True)
            before = next((known for known in every if known.name == environment.name), None)
            _check_order(environment, every)
            kept = replace(environment, is_archived=before.is_archived if before else False)
            self._put(session, actor, "environment.saved", (before, kept), reason)
        return kept

    def archive_environment(self, actor: Actor, name: str, *, is_archived: bool, reason: str = "") -> Environment:
        """Put it away, or take it out again. Refused("environment_in_use") as long as something runs there."""
        demand(actor, Permission.ENVIRONMENT_EDIT, name)
        with self._database.transaction() as session:
            before = store.environment(session, name)
            if is_archived:
                _refuse_used_environment(session, name)
            action = "environment.archived" if is_archived else "environment.restored"
            self._put(session, actor, action, (before, replace(before, is_archived=is_archived)), reason)
        return replace(before, is_archived=is_archived)

    def _put(
        self, session: Session, actor: Actor, action: str, change: tuple[_Kept | None, _Kept], reason: str
    ) -> None:
        """Before and after; which fields are different goes into the trail."""
        before, after = change
        if isinstance(after, Service):
            store.put_service(session, after, self._clock.now(), by=actor.human)
            entry = _entry(actor, action, ("service", after.name), reason=reason)
        else:
            store.put_environment(session, after, self._clock.now())
            entry = _entry(actor, action, ("environment", after.name), environment=after.name, reason=reason)
        self._audit.record(session, replace(entry, params=_changed(before, after)))

    def freezes(self, actor: Actor) -> tuple[FreezeWindow, ...]:
        """Those of the environments that the actor may see, and those of all."""
        demand(actor, Permission.VIEW)
        seen = environments_with(actor, Permission.VIEW)
        with self._database.reading() as session:
            every = store.freezes(session)
        return tuple(w for w in every if seen is None or w.environment in (EVERYWHERE, *seen))

    def add_freeze(self, actor: Actor, window: FreezeWindow, *, reason: str = "") -> FreezeWindow:
        """One of all environments takes the permission in all of them."""
        demand(actor, Permission.FREEZE_EDIT, window.environment)
        check_freeze(window)
        with self._database.transaction() as session:
            _check_place(session, window)
            added = store.add_freeze(session, window)
            self._record_freeze(session, actor, "freeze.added", added, reason)
        return added

    def change_freeze(self, actor: Actor, window: FreezeWindow, *, reason: str = "") -> FreezeWindow:
        """Replace the one of this number; takes the permission where it was and where it will be."""
        demand(actor, Permission.FREEZE_EDIT, window.environment)
        check_freeze(window)
        with self._database.transaction() as session:
            demand(actor, Permission.FREEZE_EDIT, store.freeze(session, window.id).environment)
            _check_place(session, window)
            store.change_freeze(session, window)
            self._record_freeze(session, actor, "freeze.changed", window, reason)
        return window

    def end_freeze(self, actor: Actor, freeze_id: int, *, reason: str = "") -> None:
        """End it now: one that runs keeps what was of it; one to come, or a weekly one, is removed."""
        with self._database.transaction() as session:
            window = store.freeze(session, freeze_id)
            demand(actor, Permission.FREEZE_EDIT, window.environment)
            cut = ended(window, self._clock.now())
            if cut is None:
                store.remove_freeze(session, freeze_id)
            else:
                store.change_freeze(session, cut)
            self._record_freeze(session, actor, "freeze.ended", window, reason)

    def remove_freeze(self, actor: Actor, freeze_id: int, *, reason: str = "") -> None:
        with self._database.transaction() as session:
            window = store.freeze(session, freeze_id)
            demand(actor, Permission.FREEZE_EDIT, window.environment)
            store.remove_freeze(session, freeze_id)
            self._record_freeze(session, actor, "freeze.removed", window, reason)

    def _record_freeze(self, session: Session, actor: Actor, action: str, window: FreezeWindow, reason: str) -> None:
        target = ("freeze", window.name)
        self._audit.record(session, _entry(actor, action, target, environment=window.environment, reason=reason))


def _check_place(session: Session, window: FreezeWindow) -> None:
    if window.environment != EVERYWHERE:
        store.environment(session, window.environment)


def _check_order(environment: Environment, every: tuple[Environment, ...]) -> None:
    """What must have run elsewhere before must have an elsewhere that does not wait for this one in turn."""
    after = {known.name: known.protection.after_environment for known in every}
    after[environment.name] = environment.protection.after_environment
    here = environment.protection.after_environment
    if here and here not in after:
        raise NotFound("environment_missing", environment=here)
    for _ in after:
        if here == environment.name:
            raise Invalid("after_itself", field="after_environment", environment=environment.name)
        here = after.get(here, "")


def _refuse_used_service(session: Session, name: str) -> None:
    places = [d.environment for d in deployments.every(session) if d.service == name]
    places += [r.environment for r in rollouts.active(session) if r.service == name and r.environment not in places]
    callers = [s.name for s in store.services(session) if name in s.dependencies]
    if places or callers:
        raise Refused("service_in_use", service=name, where=", ".join([*places, *callers]))


def _refuse_used_environment(session: Session, name: str) -> None:
    used = [d.service for d in deployments.every(session) if d.environment == name]
    used += [r.service for r in rollouts.active(session) if r.environment == name and r.service not in used]
    if used:
        raise Refused("environment_in_use", environment=name, services=", ".join(used))


def _changed(before: Any, after: Any) -> dict[str, str]:
    """The names of the fields that are different, for the trail; the values are kept with the thing itself."""
    if before is None:
        return {"fields": "*"}
    names = [field.name for field in fields(after) if getattr(before, field.name) != getattr(after, field.name)]
    return {"fields": ", ".join(names)}


def _entry(
    actor: Actor, action: str, target: tuple[str, str], *, environment: str = "", reason: str = ""
) -> AuditEntry:
    return AuditEntry(actor.name, actor.kind, action, target[0], target[1], environment=environment, reason=reason)


def plan_of(environment: Environment) -> Plan:
    """The environment's own plan, or the built-in one of its stage."""
    return parse_plan(read_plan(environment.plan)) if environment.plan else default_plan(environment.stage)
