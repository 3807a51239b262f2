"""Drift as people use it: look at what differs, repair it, adopt it, or leave it alone for a while."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, environments_with, may
from portal.domain.audit import AuditEntry
from portal.domain.consistency import Likeness, Score, Standing, likeness, score
from portal.domain.container import ContainerSpec
from portal.domain.drift import ANY, DriftQuery, Ending, Finding, Look, Rule, Subject, expiry
from portal.domain.errors import Conflict, NotFound, PortalError, Refused
from portal.domain.healing import HealingMode, Mode
from portal.domain.job import Job
from portal.domain.page import Page, bounded
from portal.domain.route import route_key
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.ports.traffic import Traffic
from portal.services.adoption import Adoption
from portal.services.audit import Audit
from portal.services.drift_watch import TOPIC
from portal.services.healing import REPAIR
from portal.services.jobs import JobOrder, Jobs
from portal.services.making import Making
from portal.services.rollouts import check_reason
from portal.store import catalogue, deployments, healing, routing
from portal.store import drift as store
from portal.store.database import Database

KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as this person may see it, with what they may do about it."""

    finding: Finding
    can_repair: bool
    can_adopt: bool
    can_ignore: bool
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentDrift:
    """How an environment stands. `looked_at` is None before the first look."""

    environment: str
    score: Score
    mode: HealingMode
    looked_at: datetime | None
    ill: int
    can_set: bool


@dataclass(frozen=True, slots=True)
class Drift:
    database: Database
    clock: Clock
    audit: Audit
    topics: Topics
    traffic: Traffic
    making: Making
    jobs: Jobs
    adoption: Adoption

    def page(self, actor: Actor, query: DriftQuery) -> Page[Finding]:
        """Of the environments that the actor may see. Invalid("sort_unknown")."""
        demand(actor, Permission.VIEW, query.environment or None)
        query.check()
        seen = environments_with(actor, Permission.VIEW)
        with self.database.reading() as session:
            every = store.findings(session, query.look, self.clock.now())
        fitting = [f for f in every if (seen is None or f.place.environment in ("", *seen)) and query.fits(f)]
        offset, limit = bounded(query.offset, query.limit)
        return Page(tuple(query.order(fitting)[offset : offset + limit]), len(fitting), offset, limit)

    def view(self, actor: Actor, finding_id: int) -> FindingView:
        """NotFound("finding_missing"), also for one that the actor may not see."""
        return self.shown(actor, self._finding(actor, finding_id))

    def shown(self, actor: Actor, found: Finding) -> FindingView:
        """With what this person may do about it."""
        may_act = may(actor, Permission.CONTAINER_CONTROL, found.place.environment or EVERYWHERE)
        rule = self._rule(found.rule) if found.rule is not None else None
        is_stranger = found.field == "presence" and not found.desired
        needed = self.adoption.permission(found)
        return FindingView(
            finding=found,
            can_repair=may_act and found.is_repairable,
            can_adopt=found.is_adoptable and not is_stranger and may(actor, needed, found.place.environment),
            can_ignore=may_act and found.look is Look.OPEN,
            rule=rule,
        )

    def repair(self, actor: Actor, finding_id: int, *, reason: str) -> Job | None:
        """Make it as it should be. A container is replaced by a job, without losing a request; the rest is done now.

        Refused("not_repairable"), Conflict("job_running") while something works on the service there.
        """
        check_reason(reason)
        found = self._finding(actor, finding_id)
        demand(actor, Permission.CONTAINER_CONTROL, found.place.environment or EVERYWHERE)
        if not found.is_repairable:
            raise Refused("not_repairable", field=found.field)
        entry = _entry(actor, found, "drift.repaired", reason=reason)
        if found.place.subject is Subject.PROXY or (not found.desired and found.field == "presence"):
            self._repair_now(actor, found, entry)
            return None
        place = found.place
        order = JobOrder(
            REPAIR,
            place.name,
            {"name": place.name, "field": found.field},
            place.environment,
            reason=reason,
            lock=route_key(place.service, place.environment),
        )
        job = self.jobs.start(actor, order)
        self._record(replace(entry, params={**entry.params, "operation": str(job.id)}))
        return job

    def _repair_now(self, actor: Actor, found: Finding, entry: AuditEntry) -> None:
        """The proxy gets the table once more; a container that nobody wants goes."""
        if found.place.subject is Subject.PROXY:
            with self.database.reading() as session:
                table = routing.table(session)
            with suppress(Conflict):
                self.traffic.apply(table)
        else:
            self.making.containers.stop(found.place.name)
            self.making.containers.remove(found.place.name)
        with self.database.transaction() as session:
            store.end(session, found.id, Ending.REPAIRED, by=actor.human, at=self.clock.now())
            self.audit.record(session, entry)
        self.topics.publish(TOPIC)

    def adopt(self, actor: Actor, finding_id: int, *, reason: str) -> None:
        """Make what is so what is wanted there: a bound of processor or memory, or one container fewer.

        Refused("not_adoptable" | "last_container"), Conflict("rollout_running" | "job_running").
        """
        check_reason(reason)
        found = self._finding(actor, finding_id)
        if not found.is_adoptable:
            raise Refused("not_adoptable", field=found.field)
        self.adoption.adopt(actor, found, _entry(actor, found, "drift.adopted", reason=reason))
        self.topics.publish(TOPIC)

    def ignore(self, actor: Actor, wanted: Rule, *, days: int) -> Rule:
        """Leave alone what the rule fits, for so many days. Invalid("rule_days_bad"), NotFound(…)."""
        check_reason(wanted.reason)
        demand(actor, Permission.CONTAINER_CONTROL, wanted.environment)
        now = self.clock.now()
        with self.database.transaction() as session:
            if wanted.environment != ANY:
                catalogue.environment(session, wanted.environment)
            if wanted.service != ANY:
                catalogue.service(session, wanted.service)
            rule = store.add_rule(session, replace(wanted, by=actor.human, at=now, expires_at=expiry(days, now)))
            self.audit.record(session, _rule_entry(actor, rule, "drift.ignored", reason=wanted.reason))
        self.topics.publish(TOPIC)
        return rule

    def rules(self, actor: Actor) -> tuple[Rule, ...]:
        """Those that hold, of the environments that the actor may see."""
        demand(actor, Permission.VIEW)
        seen, now = environments_with(actor, Permission.VIEW), self.clock.now()
        with self.database.reading() as session:
            every = store.rules(session)
        return tuple(r for r in every if r.expires_at > now and (seen is None or r.environment in (ANY, *seen)))

    def end_rule(self, actor: Actor, rule_id: int, *, reason: str) -> None:
        """NotFound("rule_missing")."""
        check_reason(reason)
        with self.database.transaction() as session:
            rule = store.rule(session, rule_id)
            demand(actor, Permission.CONTAINER_CONTROL, rule.environment)
            store.remove_rule(session, rule_id)
            self.audit.record(session, _rule_entry(actor, rule, "drift.rule_ended", reason=reason))
        self.topics.publish(TOPIC)

    def environments(self, actor: Actor) -> tuple[EnvironmentDrift, ...]:
        """How each environment stands, in the order of promotion."""
        demand(actor, Permission.VIEW)
        seen, now = environments_with(actor, Permission.VIEW), self.clock.now()
        with self.database.reading() as session:
            names = [e.name for e in catalogue.environments(session) if seen is None or e.name in seen]
            found, looks = store.findings(session, Look.OPEN, now), store.looks(session)
            modes, cases = healing.modes(session), healing.cases(session).values()
        return tuple(
            EnvironmentDrift(
                environment=name,
                score=score(looks.get(name, (0, None))[0], [f for f in found if f.place.environment == name]),
                mode=modes.get(name, HealingMode.ALIVE),
                looked_at=looks[name][1] if name in looks else None,
                ill=sum(case.environment == name and case.is_ill for case in cases),
                can_set=may(actor, Permission.CONTAINER_CONTROL, name),
            )
            for name in names
        )

    def likeness(self, actor: Actor, left: str, right: str) -> Likeness:
        """How like two environments are. NotFound("environment_missing")."""
        for name in (left, right):
            demand(actor, Permission.VIEW, name)
        with self.database.reading() as session:
            return likeness(*(self._standings(session, name) for name in (left, right)))

    def _standings(self, session: Session, environment: str) -> dict[str, Standing]:
        catalogue.environment(session, environment)
        return {
            d.service: Standing(d.version, d.image, d.replicas, self._spec(session, d.service, environment))
            for d in deployments.every(session)
            if d.environment == environment
        }

    def _spec(self, session: Session, service: str, environment: str) -> ContainerSpec | None:
        current = deployments.get(session, service, environment)
        own = (r for r in routing.replicas(session, service, environment) if current and r.slot is current.slot)
        first = next(own, None)
        return self.making.spec(session, first) if first else None

    def set_mode(self, actor: Actor, environment: str, mode: HealingMode, *, reason: str) -> None:
        """What is put right there without asking."""
        check_reason(reason)
        demand(actor, Permission.CONTAINER_CONTROL, environment)
        with self.database.transaction() as session:
            catalogue.environment(session, environment)
            healing.put_mode(session, Mode(environment, mode, actor.human, reason, self.clock.now()))
            entry = AuditEntry(
                actor.name,
                actor.kind,
                "healing.mode_set",
                "environment",
                environment,
                environment=environment,
                reason=reason,
                params={"mode": str(mode)},
            )
            self.audit.record(session, entry)
        self.topics.publish(TOPIC)

    def open_counts(self, actor: Actor) -> dict[tuple[str, str], int]:
        """How many findings are open, by environment and service."""
        counts: dict[tuple[str, str], int] = {}
        for finding in self._all_open(actor):
            key = (finding.place.environment, finding.place.service)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def forget_old(self) -> None:
        """What ended long ago."""
        with self.database.transaction() as session:
            store.forget_before(session, self.clock.now() - KEPT)

    def _all_open(self, actor: Actor) -> Sequence[Finding]:
        demand(actor, Permission.VIEW)
        seen = environments_with(actor, Permission.VIEW)
        with self.database.reading() as session:
            every = store.findings(session, Look.OPEN, self.clock.now())
        return [f for f in every if f.look is Look.OPEN and (seen is None or f.place.environment in seen)]

    def _finding(self, actor: Actor, finding_id: int) -> Finding:
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            found = store.finding(session, finding_id, self.clock.now())
        if found.place.environment and not may(actor, Permission.VIEW, found.place.environment):
            raise NotFound("finding_missing", id=finding_id)
        return found

    def _rule(self, rule_id: int) -> Rule | None:
        try:
            with self.database.reading() as session:
                return store.rule(session, rule_id)
        except PortalError:
            return None

    def _record(self, entry: AuditEntry) -> None:
        with self.database.transaction() as session:
            self.audit.record(session, entry)
        self.topics.publish(TOPIC)


def _entry(actor: Actor, found: Finding, action: str, *, reason: str) -> AuditEntry:
    place = found.place
    params = {"service": place.service, "field": found.field, "desired": found.desired, "actual": found.actual}
    return AuditEntry(
        actor.name,
        actor.kind,
        action,
        str(place.subject),
        place.name,
        environment=place.environment,
        reason=reason,
        params={name: value for name, value in params.items() if value},
    )


def _rule_entry(actor: Actor, rule: Rule, action: str, *, reason: str) -> AuditEntry:
    place = "" if rule.environment == ANY else rule.environment
    params = {"service": rule.service, "field": rule.field, "until": rule.expires_at.date().isoformat()}
    return AuditEntry(
        actor.name, actor.kind, action, "drift_rule", str(rule.id), environment=place, reason=reason, params=params
    )
