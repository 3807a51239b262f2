"""The rollout page's view: everything needed to decide, and the points of its charts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand
from portal.domain.audit import AuditEntry, AuditQuery
from portal.domain.deciding import Deciding
from portal.domain.environment import freeze_at
from portal.domain.errors import NotFound
from portal.domain.operation import StepStatus
from portal.domain.page import LONGEST_PAGE
from portal.domain.release import Release
from portal.domain.rollout import Action, Rollout
from portal.domain.rollout_facts import Facts
from portal.domain.rollout_view import Changes, ReplicaView, RolloutView, SamplePoint, StepView
from portal.services.memory_watch import MemoryWatch
from portal.services.releases import is_signed
from portal.services.rollout_evidence import stored
from portal.services.rollout_points import RolloutPoints
from portal.services.rollout_world import World
from portal.services.traffic_watch import Rates
from portal.store import audit_search, catalogue, deployments, operations, releases, rollouts, routing, samples
from portal.store.database import Database

LONGEST_CHART, USUAL_CHART = 500, 120


@dataclass(frozen=True, slots=True)
class RolloutViews:
    database: Database
    world: World
    rates: Rates
    memory: MemoryWatch
    charts: RolloutPoints

    def view(self, actor: Actor, rollout_id: int) -> RolloutView:
        """NotFound("rollout_missing"). What the proxy or the engine cannot tell now is left out, not guessed."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            rollout = rollouts.get(session, rollout_id)
        demand(actor, Permission.VIEW, rollout.environment)
        return self.seen_by(actor, self._everybodys(rollout))

    def everybodys(self, rollout_id: int) -> tuple[RolloutView, tuple[SamplePoint, ...]]:
        """View and points as they are for everybody, without refusals; who may see them at all `seen_by` says.

        NotFound("rollout_missing").
        """
        with self.database.reading() as session:
            rollout = rollouts.get(session, rollout_id)
        return self._everybodys(rollout), self._points_of(rollout, USUAL_CHART)

    def seen_by(self, actor: Actor, view: RolloutView) -> RolloutView:
        """The same for one person, without looking anywhere. Refused("not_allowed")."""
        demand(actor, Permission.VIEW, view.rollout.environment)
        asked = Deciding(view.rollout, view.approver_role, view.approvals)
        return replace(view, refusals={action: asked.refusal_code(actor, action) for action in Action})

    def _everybodys(self, rollout: Rollout) -> RolloutView:
        facts = None if rollout.state.is_over else self.world.look(rollout)
        with self.database.reading() as session:
            return self._view(session, rollout, facts)

    def _view(self, session: Session, rollout: Rollout, facts: Facts | None) -> RolloutView:
        now = self.world.clock.now()
        window = freeze_at(catalogue.freezes(session), rollout.environment, now)
        target, period = (rollout.service, rollout.environment), _period(rollout, now.timestamp())
        protection = catalogue.environment(session, rollout.environment).protection
        return RolloutView(
            rollout=rollout,
            steps=_steps(session, rollout),
            refusals={},
            verdict=stored(session, rollout),
            approver_role=protection.approver_role,
            approvals=rollouts.approvals(session, rollout.id),
            evidence_hash=rollouts.evidence(session, rollout.id)[2],
            replicas=_replicas(session, rollout, facts, self.memory) if facts else (),
            live_percent=facts.live_percent if facts else None,
            is_proxy_alive=facts.is_proxy_alive if facts else True,
            is_engine_reachable=facts.is_engine_reachable if facts else True,
            requests_per_second=self.rates.requests_per_second(rollout.target),
            failed_requests=samples.errors(session, target, rollout.slot, period=period),
            sampling=samples.lowest_sampling(session, target, period=period),
            is_return_warm=bool(facts and facts.stable_up),
            is_running=_is_running(session, rollout),
            frozen_by=window.name if window else "",
            break_glass_by=rollouts.break_glass(session, rollout.id),
            timeline=_timeline(session, rollout),
            changes=_changes(session, rollout, protection.signature_key),
        )

    def points(self, actor: Actor, rollout_id: int, *, buckets: int = USUAL_CHART) -> tuple[SamplePoint, ...]:
        """Both versions side by side, oldest first, in at most `buckets` points of equal width (whole seconds)."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            rollout = rollouts.get(session, rollout_id)
        demand(actor, Permission.VIEW, rollout.environment)
        return self._points_of(rollout, max(10, min(buckets, LONGEST_CHART)))

    def _points_of(self, rollout: Rollout, buckets: int) -> tuple[SamplePoint, ...]:
        return self.charts.points(rollout, now=self.world.clock.now().timestamp(), buckets=buckets)


def _timeline(session: Session, rollout: Rollout) -> tuple[AuditEntry, ...]:
    """The newest two hundred entries, newest first."""
    query = AuditQuery(action="rollout", target=str(rollout.id), limit=LONGEST_PAGE)
    return audit_search.page(session, query, None).items


def _period(rollout: Rollout, now: float) -> tuple[int, int]:
    start = int(rollout.created_at.timestamp()) - 1 if rollout.created_at else 0
    return start, int(rollout.ended_at.timestamp()) if rollout.ended_at else int(now)


def _steps(session: Session, rollout: Rollout) -> tuple[StepView, ...]:
    journal = {line.index: line for line in operations.steps(session, rollout.id)}
    views: list[StepView] = []
    for index, step in enumerate(rollout.steps):
        line = journal.get(index)
        if line is None:
            views.append(StepView(step, StepStatus.PENDING))
        else:
            views.append(StepView(step, line.status, line.started_at, line.ended_at))
    return tuple(views)


def _is_running(session: Session, rollout: Rollout) -> bool:
    deployment = deployments.get(session, rollout.service, rollout.environment)
    return deployment is not None and deployment.version == rollout.to_version


def _replicas(session: Session, rollout: Rollout, facts: Facts, memory: MemoryWatch) -> tuple[ReplicaView, ...]:
    addresses = {r.name: r.address for r in routing.replicas(session, rollout.service, rollout.environment)}
    used = memory.memory_bytes(f.name for f in (*facts.candidate, *facts.stable) if f.is_running)
    sides = [(fact, True) for fact in facts.candidate] + [(fact, False) for fact in facts.stable]
    return tuple(
        ReplicaView(
            f.name,
            addresses.get(f.name, ""),
            is_candidate,
            str(f.server),
            f.is_running,
            f.restarts,
            used.get(f.name),
        )
        for f, is_candidate in sides
    )


def _changes(session: Session, rollout: Rollout, key: str) -> Changes:
    new, old = _release(session, rollout, rollout.to_version), _release(session, rollout, rollout.from_version)
    return Changes(
        from_image=rollout.from_image,
        to_image=rollout.to_image,
        from_commit=old.commit if old else "",
        to_commit=new.commit if new else "",
        notes=new.notes if new else "",
        is_signed=bool(key and new and is_signed(new, key)),
        dependants=tuple(s.name for s in catalogue.services(session) if rollout.service in s.dependencies),
    )


def _release(session: Session, rollout: Rollout, version: str) -> Release | None:
    try:
        return releases.get(session, rollout.service, version) if version else None
    except NotFound:
        return None
