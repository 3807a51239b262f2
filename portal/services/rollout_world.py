"""The world as a rollout needs to know it: the database, the engine and the proxy, looked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from portal.domain.container import LABEL_ENVIRONMENT, LABEL_SERVICE, Container
from portal.domain.deployment import Replica, replica_name
from portal.domain.environment import Environment, freeze_at
from portal.domain.errors import Unavailable
from portal.domain.plan import StepKind
from portal.domain.rollout import Approval, Cause, Rollout, State
from portal.domain.rollout_facts import Facts, ReplicaFact, is_leaving, needs_containers, needs_evidence
from portal.domain.route import ServerState, Slot, TrafficFacts
from portal.domain.verdict import judge
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.releases import is_signed
from portal.services.rollout_evidence import gather
from portal.store import catalogue, deployments, operations, releases, rollouts, routing, samples
from portal.store.database import Database

BREAK_GLASS_PEOPLE = 2
_WATCHED = frozenset({StepKind.OBSERVE, StepKind.ADAPT})


@dataclass(frozen=True, slots=True)
class World:
    """Where facts come from."""

    database: Database
    clock: Clock
    containers: Containers
    traffic: Traffic

    def facts(self, rollout: Rollout) -> Facts:
        """Everything `advance` may ask about this rollout now. New evidence is weighed on the way."""
        live = self.traffic.observe()
        engine = self._containers_of(rollout) if needs_containers(rollout) else {}
        now = self.clock.now()
        weighs = needs_evidence(rollout)
        with self.database.transaction() if weighs else self.database.reading() as session:
            facts = _with_lock(session, _observed(session, rollout, engine, live), rollout)
            if weighs:
                facts = _with_evidence(session, facts, rollout, now)
            return facts if is_leaving(rollout) else _with_gates(session, facts, rollout, now)

    def look(self, rollout: Rollout) -> Facts:
        """Only what engine and proxy say of the containers; weighs nothing and writes nothing."""
        live = self.traffic.observe()
        engine = self._containers_of(rollout)
        with self.database.reading() as session:
            return _observed(session, rollout, engine, live)

    def _containers_of(self, rollout: Rollout) -> dict[str, Container] | None:
        labels = {LABEL_SERVICE: rollout.service, LABEL_ENVIRONMENT: rollout.environment}
        try:
            return {c.name: c for c in self.containers.list(labels)}
        except Unavailable:
            return None


def _observed(session: Session, rollout: Rollout, engine: Mapping[str, Container] | None, live: TrafficFacts) -> Facts:
    candidate, stable = wanted_replicas(session, rollout)
    return Facts(
        is_engine_reachable=engine is not None,
        is_proxy_alive=live.is_alive,
        live_percent=live_percent(rollout, live),
        candidate=tuple(_fact(name, replica, engine, live) for name, replica in candidate),
        stable=tuple(_fact(name, replica, engine, live) for name, replica in stable),
    )


def live_percent(rollout: Rollout, live: TrafficFacts) -> int | None:
    """The share of the rollout's new slot as the proxy has it; None if the proxy is away, 0 if it knows no
    such route.
    """
    if not live.is_alive:
        return None
    green = live.green_percent(rollout.target)
    if green is None:
        return 0
    return green if rollout.slot is Slot.GREEN else 100 - green


Named = list[tuple[str, Replica | None]]


def wanted_replicas(session: Session, rollout: Rollout) -> tuple[Named, Named]:
    """The containers of the new and of the old version, those still to be made included (without a row)."""
    rows = routing.replicas(session, rollout.service, rollout.environment)
    candidate: Named = [(r.name, r) for r in rows if r.slot is rollout.slot]
    stable: Named = [(r.name, r) for r in rows if r.slot is not rollout.slot]
    if rollout.state.is_going_back:
        return candidate, stable + _lost(session, rollout, {name for name, _ in stable})
    have = {name for name, _ in candidate}
    names = [candidate_name(rollout, number) for number in range(1, rollout.candidate_replicas + 1)]
    return candidate + [(name, None) for name in names if name not in have], stable


def candidate_name(rollout: Rollout, number: int) -> str:
    return replica_name(rollout.target, rollout.to_version, number=number, generation=rollout.generation)


def _lost(session: Session, rollout: Rollout, have: set[str]) -> Named:
    """Stable containers that the steps removed and a rollback makes anew."""
    if rollout.is_first or rollout.state is not State.DRAINING:
        return []
    deployment = deployments.get(session, rollout.service, rollout.environment)
    wanted = deployment.replicas if deployment else len(have)
    names = [
        replica_name(rollout.target, rollout.from_version, number=n, generation=rollout.generation)
        for n in range(1, wanted + 1)
    ]
    missing = [name for name in names if name not in have]
    return [(name, None) for name in missing[: max(0, wanted - len(have))]]


def _fact(
    name: str, replica: Replica | None, engine: Mapping[str, Container] | None, live: TrafficFacts
) -> ReplicaFact:
    container = engine.get(name) if engine else None
    server = next((s.state for s in live.servers if s.name == name), ServerState.ABSENT)
    fact = ReplicaFact(name=name, is_routed=bool(replica and replica.is_routed), server=server)
    if container is None:
        return fact
    return replace(
        fact,
        is_there=True,
        is_running=container.is_running,
        restarts=container.restart_count,
        is_oom_killed=container.is_oom_killed,
        exit_code=container.exit_code,
    )


def _with_evidence(session: Session, facts: Facts, rollout: Rollout, now: datetime) -> Facts:
    evidence = gather(session, rollout, until=int(now.timestamp()) - 1)
    watched = 0
    if rollout.step.kind in _WATCHED and rollout.step_since:
        since = int(rollout.step_since.timestamp()) + 1
        watched = samples.seconds_watched(session, (rollout.service, rollout.environment), since=since)
    return replace(facts, verdict=judge(evidence) if evidence else None, observed_seconds=watched)


def _with_lock(session: Session, facts: Facts, rollout: Rollout) -> Facts:
    holder = operations.lock_holder(session, rollout.target)
    is_flipped = routing.stable_slot(session, rollout.service, rollout.environment) is rollout.slot
    blocked_by = holder if holder not in (None, rollout.id) else 0
    return replace(facts, has_lock=holder == rollout.id, blocked_by=blocked_by or 0, is_flipped=is_flipped)


def _with_gates(session: Session, facts: Facts, rollout: Rollout, now: datetime) -> Facts:
    environment = catalogue.environment(session, rollout.environment)
    window = None if rollout.is_return else freeze_at(catalogue.freezes(session), rollout.environment, now)
    is_broken = len(rollouts.break_glass(session, rollout.id)) >= BREAK_GLASS_PEOPLE
    starts_at = (
        rollout.created_at + timedelta(seconds=environment.protection.wait_seconds) if rollout.created_at else now
    )
    given = _current(rollouts.approvals(session, rollout.id), rollout, environment, now)
    rejected = next((a.by for a in given if not a.is_approved), "")
    since = rollout.step_since or now
    return replace(
        facts,
        is_frozen=window is not None and not is_broken,
        freeze_name=window.name if window else "",
        is_start_allowed=rollout.is_return or now >= starts_at,
        approvals=len({a.by for a in given if a.is_approved}),
        rejected_by=rejected,
        is_approval_expired=now > since + timedelta(hours=environment.protection.approval_hours),
        start_refusal=_start_refusal(session, rollout, environment) if rollout.state is State.QUEUED else None,
    )


def _current(every: tuple[Approval, ...], rollout: Rollout, environment: Environment, now: datetime) -> list[Approval]:
    """Those of this step that are neither void nor too old."""
    oldest = now - timedelta(hours=environment.protection.approval_hours)
    return [a for a in every if a.step == rollout.cursor and not a.is_void and a.at > oldest]


def _start_refusal(session: Session, rollout: Rollout, environment: Environment) -> Cause | None:
    deployment = deployments.get(session, rollout.service, rollout.environment)
    if (deployment.version if deployment else "") != rollout.from_version:
        return Cause("deployment_changed", {"version": deployment.version if deployment else ""})
    return None if rollout.is_return else entry_refusal(session, rollout, environment)


def entry_refusal(session: Session, rollout: Rollout, environment: Environment) -> Cause | None:
    """Why the release may not enter the environment at all, if so: where it has not run, or who did not sign it."""
    service, version = rollout.service, rollout.to_version
    release = releases.get(session, service, version)
    before = environment.protection.after_environment
    if before and not rollouts.has_run(session, service, before, image=release.image):
        return Cause("must_run_before", {"environment": before, "version": version})
    key = environment.protection.signature_key
    if key and not is_signed(release, key):
        return Cause("signature_missing", {"version": version, "environment": environment.name})
    return None
