"""Environments made from templates and from others, for a time or for good, and taken away when their time is over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, SYSTEM, Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.data_store import StoreKind
from portal.domain.environment import Environment
from portal.domain.environment_template import (
    BUILT_IN,
    PROTECTED,
    WARNED_BEFORE,
    EnvironmentTemplate,
    NewEnvironment,
    check_lifetime,
    check_template,
    from_template,
    with_life,
)
from portal.domain.errors import Conflict, NotFound, PortalError, Refused
from portal.domain.job import Job
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.catalogue import Catalogue
from portal.services.data_copies import CopyOrder, DataCopies
from portal.services.environment_removal import KIND
from portal.services.jobs import JobOrder, Jobs
from portal.services.rollouts import RolloutOrder, Rollouts, check_reason
from portal.store import catalogue as places
from portal.store import copies, deployments, rollouts, scaling
from portal.store import environment_templates as store
from portal.store.database import Database

CLONE_PLAN = "strategy: blue_green\nbake: 0s"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cloned:
    """`refused` says by service, or by store, why something of it was not cloned."""

    environment: Environment
    rollouts: tuple[int, ...]
    copies: tuple[int, ...]
    refused: tuple[tuple[str, PortalError], ...]


@dataclass(frozen=True, slots=True)
class EnvironmentLife:
    database: Database
    clock: Clock
    audit: Audit
    jobs: Jobs
    catalogue: Catalogue
    rollouts: Rollouts
    data: DataCopies

    def templates(self, actor: Actor) -> tuple[EnvironmentTemplate, ...]:
        """Those that come with the portal, then those that people have added."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            return (*BUILT_IN, *store.every(session))

    def save_template(self, actor: Actor, template: EnvironmentTemplate, *, reason: str) -> EnvironmentTemplate:
        demand(actor, Permission.ENVIRONMENT_EDIT, EVERYWHERE)
        check_template(template)
        with self.database.transaction() as session:
            store.put(session, template)
            self._record_template(session, actor, "template.saved", name=template.name, reason=reason)
        return template

    def remove_template(self, actor: Actor, name: str, *, reason: str) -> None:
        """Environments that were made from it stay. NotFound("template_missing")."""
        demand(actor, Permission.ENVIRONMENT_EDIT, EVERYWHERE)
        with self.database.transaction() as session:
            store.remove(session, name)
            self._record_template(session, actor, "template.removed", name=name, reason=reason)

    def _record_template(self, session: Session, actor: Actor, action: str, *, name: str, reason: str) -> None:
        entry = AuditEntry(actor.name, actor.kind, action, "template", name, reason=reason)
        self.audit.record(session, entry)

    def create(self, actor: Actor, template: str, new: NewEnvironment, *, reason: str) -> Environment:
        """From a template, last in the order of promotion. Conflict("environment_exists")."""
        found = next((t for t in self.templates(actor) if t.name == template), None)
        if found is None:
            raise NotFound("template_missing", name=template[:60])
        self._demand_new(new.name)
        made = from_template(found, new, position=self._last_position(), now=self.clock.now())
        return self.catalogue.save_environment(actor, made, reason=reason)

    def _demand_new(self, name: str) -> None:
        with self.database.reading() as session:
            if any(known.name == name for known in places.environments(session, has_archived=True)):
                raise Conflict("environment_exists", environment=name)

    def _last_position(self) -> int:
        with self.database.reading() as session:
            return min(1000, max((e.position for e in places.environments(session)), default=0) + 1)

    def save(self, actor: Actor, given: Environment, *, reason: str) -> Environment:
        """As people edit it: its time stays, and so do its owners unless others are named."""
        with self.database.reading() as session:
            every = places.environments(session, has_archived=True)
        before = next((known for known in every if known.name == given.name), given)
        kept = replace(given, expires_at=before.expires_at, warned_at=before.warned_at)
        return self.catalogue.save_environment(
            actor, replace(kept, owners=given.owners or before.owners), reason=reason
        )

    def clone(self, actor: Actor, source: str, new: NewEnvironment, *, reason: str, has_data: bool = False) -> Cloned:
        """Its rules, sizes and services, each brought there by a rollout of its own; with its volumes if asked for.

        A service that cannot be rolled out there is named, and the rest goes on.
        """
        given = self.catalogue.environment(actor, source)
        check_reason(reason)
        self._demand_new(new.name)
        hours = 0 if given.expires_at is None else 72
        protection = replace(given.protection, after_environment="", approvals=0)
        plain = replace(given, name=new.name, host_prefix=f"{new.name}.", position=self._last_position())
        made = with_life(replace(plain, protection=protection), new, hours=hours, now=self.clock.now())
        saved = self.catalogue.save_environment(actor, made, reason=reason)
        with self.database.transaction() as session:
            running = [d for d in deployments.every(session) if d.environment == source]
            for deployment in running:
                size = scaling.get(session, deployment.service, source)
                scaling.put(session, replace(size, environment=new.name, policy=replace(size.policy, is_on=False)))
        refused: list[tuple[str, PortalError]] = []
        orders = {d.service: RolloutOrder(d.service, new.name, d.version, reason, CLONE_PLAN) for d in running}
        started = _each(list(orders), lambda name: self.rollouts.start(actor, orders[name]).id, refused)
        copied = self._copy_volumes(actor, source, new.name, reason=reason, refused=refused) if has_data else ()
        return Cloned(saved, started, copied, tuple(refused))

    def _copy_volumes(
        self, actor: Actor, source: str, target: str, *, reason: str, refused: list[tuple[str, PortalError]]
    ) -> tuple[int, ...]:
        """Into volumes of their own; databases have addresses that nobody can make up."""
        with self.database.reading() as session:
            volumes = [s for s in copies.stores(session, source) if s.kind is StoreKind.VOLUME]

        def copy(name: str) -> int:
            given = next(s for s in volumes if s.name == name)
            kept = replace(given, environment=target, volume=f"{target}-{name}")
            self.data.save_store(actor, kept, password=None, reason=reason)
            return self.data.ask(actor, CopyOrder((source, name), (target, name)), reason=reason).id

        return _each([s.name for s in volumes], copy, refused)

    def extend(self, actor: Actor, name: str, *, hours: int, reason: str) -> Environment:
        """It ends so many hours from now; 0: not at all."""
        check_lifetime(hours)
        check_reason(reason)
        given = self.catalogue.environment(actor, name)
        if hours and given.stage in PROTECTED:
            raise Refused("environment_protected", environment=name)
        ends = self.clock.now() + timedelta(hours=hours) if hours else None
        return self.catalogue.save_environment(actor, replace(given, expires_at=ends, warned_at=None), reason=reason)

    def remove(self, actor: Actor, name: str, *, reason: str) -> Job:
        """Containers, routes and volumes go; it is archived with its history. Refused("environment_protected")."""
        demand(actor, Permission.ENVIRONMENT_EDIT, name)
        check_reason(reason)
        with self.database.reading() as session:
            given = places.environment(session, name)
            running = next((r for r in rollouts.active(session) if r.environment == name), None)
        if given.stage in PROTECTED:
            raise Refused("environment_protected", environment=name)
        if running is not None:
            raise Conflict("rollout_running", id=running.id, version=running.to_version)
        return self.jobs.start(actor, JobOrder(KIND, name, {"environment": name}, name, reason, f"environment:{name}"))

    def tend(self) -> int:
        """Warn a day before an environment ends, and take it away when it does. How many removals were begun."""
        now, begun = self.clock.now(), 0
        with self.database.reading() as session:
            ending = [e for e in places.environments(session) if e.expires_at is not None]
        for given in ending:
            assert given.expires_at is not None
            if given.expires_at <= now:
                begun += self._end(given)
            elif given.expires_at - now <= WARNED_BEFORE and given.warned_at is None:
                self._warn(given)
        return begun

    def _end(self, given: Environment) -> bool:
        try:
            self.remove(SYSTEM, given.name, reason="its time is over")
        except PortalError as error:
            _log.info("environment not taken away", extra={"environment": given.name, "code": error.code})
            return False
        return True

    def _warn(self, given: Environment) -> None:
        """Its owners are told by the mention of their names."""
        told = " ".join(f"@{owner}" for owner in given.owners)
        with self.database.transaction() as session:
            places.put_environment(session, replace(given, warned_at=self.clock.now()), self.clock.now())
            entry = AuditEntry(
                SYSTEM.name, SYSTEM.kind, "environment.expires_soon", "environment", given.name, environment=given.name
            )
            params = {"at": given.expires_at.isoformat() if given.expires_at else ""}
            self.audit.record(session, replace(entry, reason=told, params=params))


def _each(names: Sequence[str], act: Callable[[str], int], refused: list[tuple[str, PortalError]]) -> tuple[int, ...]:
    """The answer for each; what was refused is noted with its reason, and the rest goes on."""
    done: list[int] = []
    for name in names:
        try:
            done.append(act(name))
        except PortalError as error:
            refused.append((name, error))
    return tuple(done)
