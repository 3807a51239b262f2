"""How many containers a service has somewhere: asked for by hand, or by a policy that says why."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from sqlmodel import Session

from portal.domain.access import SYSTEM, Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.container import Limits
from portal.domain.deployment import Deployment
from portal.domain.errors import Conflict, NotFound, PortalError
from portal.domain.job import Job
from portal.domain.route import route_key
from portal.domain.scaling import (
    Scale,
    ScalingChange,
    ScalingDecision,
    ScalingEntry,
    ScalingFacts,
    ScalingMetric,
    ScalingPolicy,
    Verb,
    check_change,
    check_policy,
    decide,
)
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.services.jobs import JobOrder, Jobs
from portal.services.rollouts import check_reason
from portal.services.scale_job import KIND
from portal.services.traffic_watch import Rates
from portal.store import catalogue, deployments, operations, rollouts, routing
from portal.store import scaling as store
from portal.store.database import Database

HOLD_SECONDS = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScalingView:
    """What runs and what was set. `limits` are those that hold, `entries` the history, the newest first."""

    deployment: Deployment
    scale: Scale
    limits: Limits
    entries: tuple[ScalingEntry, ...]
    is_moving: bool


@dataclass(frozen=True, slots=True)
class Scaling:
    database: Database
    clock: Clock
    audit: Audit
    jobs: Jobs
    containers: Containers
    rates: Rates

    def view(self, actor: Actor, service: str, environment: str) -> ScalingView:
        """NotFound("deployment_missing") where nothing of it runs."""
        demand(actor, Permission.VIEW, environment)
        with self.database.reading() as session:
            deployment = _deployment(session, service, environment)
            scale = store.get(session, service, environment)
            return ScalingView(
                deployment,
                scale,
                scale.limits(catalogue.service(session, service).limits),
                store.entries(session, service, environment),
                _is_moving(session, service, environment),
            )

    def scale(self, actor: Actor, place: tuple[str, str], change: ScalingChange, *, reason: str) -> Job:
        """Begin to bring it there; the answer is the job that does it. `place` is service and environment.

        Conflict("rollout_running") while a rollout is at work there, Conflict("job_running") while another job is.
        """
        demand(actor, Permission.DEPLOYMENT_SCALE, place[1])
        check_change(change)
        check_reason(reason)
        with self.database.reading() as session:
            deployment = _deployment(session, *place)
            _demand_quiet(session, *place)
        job = self._start(actor, place, change, reason=reason)
        self._note_hand(actor, deployment, change, reason=reason, job=job)
        return job

    def _start(self, actor: Actor, place: tuple[str, str], change: ScalingChange, *, reason: str) -> Job:
        target = route_key(*place)
        document = {"service": place[0], "environment": place[1], **asdict(change)}
        order = JobOrder(KIND, target, document, place[1], reason, target)
        return self.jobs.start(actor, order)

    def _note_hand(self, actor: Actor, deployment: Deployment, change: ScalingChange, *, reason: str, job: Job) -> None:
        wanted = change.replicas or deployment.replicas
        verb = Verb.HOLD if wanted == deployment.replicas else Verb.UP if wanted > deployment.replicas else Verb.DOWN
        given = {name: f"{value:g}" for name, value in asdict(change).items() if value is not None}
        entry = ScalingEntry(
            0, self.clock.now(), actor.human, verb, deployment.replicas, wanted, "by_hand", given, reason, job.id
        )
        with self.database.transaction() as session:
            store.add_entry(session, (deployment.service, deployment.environment), entry)

    def set_policy(self, actor: Actor, place: tuple[str, str], policy: ScalingPolicy, *, reason: str) -> Scale:
        demand(actor, Permission.DEPLOYMENT_SCALE, place[1])
        check_policy(policy)
        check_reason(reason)
        with self.database.transaction() as session:
            _deployment(session, *place)
            before = store.get(session, *place)
            after = replace(before, policy=policy)
            store.put(session, after)
            self._record_policy(session, actor, after, reason=reason)
        return after

    def _record_policy(self, session: Session, actor: Actor, scale: Scale, *, reason: str) -> None:
        policy = scale.policy
        params = {
            "service": scale.service,
            "state": "on" if policy.is_on else "off",
            "bounds": f"{policy.least}-{policy.most}",
            "target": f"{policy.target:g} {policy.metric}",
        }
        target = route_key(scale.service, scale.environment)
        entry = AuditEntry(
            actor.name, actor.kind, "scaling.policy_set", "deployment", target, environment=scale.environment
        )
        self.audit.record(session, replace(entry, reason=reason, params=params))

    def tend(self) -> int:
        """Look at every place whose policy is on, and act where it says so. How many jobs were begun."""
        with self.database.reading() as session:
            scales = store.with_policy(session)
        return sum(self._tend(scale) for scale in scales)

    def _tend(self, scale: Scale) -> bool:
        place = (scale.service, scale.environment)
        with self.database.reading() as session:
            deployment = deployments.get(session, *place)
            if deployment is None:
                return False
            is_moving = _is_moving(session, *place)
        load = None if is_moving else self._load(deployment, scale.policy.metric)
        facts = ScalingFacts(deployment.replicas, load, is_moving)
        decision = decide(scale.policy, facts, acted_at=scale.acted_at, now=self.clock.now())
        if decision.verb is Verb.HOLD:
            self._note_hold(place, decision)
            return False
        return self._act(place, deployment, decision)

    def _act(self, place: tuple[str, str], deployment: Deployment, decision: ScalingDecision) -> bool:
        change = ScalingChange(replicas=decision.replicas)
        try:
            job = self._start(SYSTEM, place, change, reason=f"policy: {decision.code}")
        except Conflict as error:
            _log.info("policy did not act", extra={"place": route_key(*place), "code": error.code})
            return False
        self._note(place, decision, had=deployment.replicas, job_id=job.id)
        return True

    def _note_hold(self, place: tuple[str, str], decision: ScalingDecision) -> None:
        """Why nothing was done: said when it becomes so, and brought up to date twice a minute."""
        with self.database.transaction() as session:
            newest = next(iter(store.entries(session, *place, limit=1)), None)
            now = self.clock.now()
            if newest is not None and newest.verb == Verb.HOLD and newest.by == SYSTEM.name:
                age = (now - newest.at).total_seconds()
                if newest.code == decision.code and age < HOLD_SECONDS:
                    return
                if newest.code == decision.code:
                    store.renew_entry(session, newest.id, at=now, params=dict(decision.params))
                    return
        self._note(place, decision, had=decision.replicas)

    def _note(self, place: tuple[str, str], decision: ScalingDecision, *, had: int, job_id: int | None = None) -> None:
        entry = ScalingEntry(
            id=0,
            at=self.clock.now(),
            by=SYSTEM.name,
            verb=decision.verb,
            replicas=had,
            wanted=decision.replicas,
            code=decision.code,
            params=decision.params,
            job_id=job_id,
        )
        with self.database.transaction() as session:
            store.add_entry(session, place, entry)

    def _load(self, deployment: Deployment, metric: ScalingMetric) -> float | None:
        """Of one container on average."""
        if metric is ScalingMetric.REQUESTS:
            rate = self.rates.requests_per_second(route_key(deployment.service, deployment.environment))
            return rate / max(1, deployment.replicas)
        with self.database.reading() as session:
            service = catalogue.service(session, deployment.service)
            every = routing.replicas(session, deployment.service, deployment.environment)
            scale = store.get(session, deployment.service, deployment.environment)
        cores = scale.limits(service.limits).cpu_cores
        used = self._used([r.name for r in every if r.slot is deployment.slot])
        return sum(used.values()) / len(used) / cores if used else None

    def _used(self, names: list[str]) -> Mapping[str, float]:
        """Per cent of one core, by container; those that say nothing are left out."""
        found: dict[str, float] = {}
        for name in names:
            try:
                used = self.containers.stats(name).cpu_percent
            except PortalError:
                continue
            if used is not None:
                found[name] = used
        return found


def _deployment(session: Session, service: str, environment: str) -> Deployment:
    found = deployments.get(session, service, environment)
    if found is None:
        raise NotFound("deployment_missing", service=service, environment=environment)
    return found


def _demand_quiet(session: Session, service: str, environment: str) -> None:
    target = route_key(service, environment)
    running = next((r for r in rollouts.active(session) if r.target == target), None)
    if running is not None:
        raise Conflict("rollout_running", id=running.id, version=running.to_version)


def _is_moving(session: Session, service: str, environment: str) -> bool:
    target = route_key(service, environment)
    return operations.lock_holder(session, target) is not None or any(
        r.target == target for r in rollouts.active(session)
    )
