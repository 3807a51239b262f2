"""The way back: traffic first, then what was lost is restored, then the new version goes."""

from __future__ import annotations

from datetime import datetime

from portal.domain.rollout import Cause, Rollout, State
from portal.domain.rollout_facts import Decision, Do, EffectKind, Facts, Move, ReplicaFact, Wait
from portal.domain.route import ServerState


def go_back(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    """The next decision of a rollout that returns to the old version."""
    match rollout.state:
        case State.ROLLING_BACK:
            return _leave(rollout, facts, now)
        case State.DRAINING:
            return _restore(rollout, facts, now) or _drain(facts)
        case _:
            return remove_surplus(facts.candidate, is_stable=False) or Move(end_of(rollout))


def _leave(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    """The first act of going back: no user on the new version, as long as the old one can take them."""
    if rollout.percent == 0 and facts.live_percent in (0, None):
        return Move(State.DRAINING, is_restart=True)
    if rollout.is_first or facts.stable_up > 0 or not facts.is_proxy_alive:
        return Do(EffectKind.SHIFT, percent=0)
    restored = _restore(rollout, facts, now)
    return restored or Do(EffectKind.APPLY)


def _restore(rollout: Rollout, facts: Facts, now: datetime) -> Decision | None:
    """Brings the old version back to its full number, where steps or accidents have reduced it."""
    lost = [r for r in facts.stable if not (r.is_running and r.is_routed and r.is_up)]
    if rollout.is_first or not lost:
        return None
    if seconds_in_step(rollout, now) > rollout.plan.gate_seconds + rollout.plan.prepare_seconds:
        return Move(State.HALTED, Cause("stable_unhealthy", {"version": rollout.from_version}))
    if not facts.is_engine_reachable:
        return Wait(0.5, Cause("engine_unreachable"))
    stopped = next((r for r in lost if not r.is_running), None)
    if stopped is not None:
        return Do(EffectKind.CREATE, name=stopped.name, is_stable=True)
    if any(not r.is_routed for r in lost):
        return Do(EffectKind.ADMIT, is_stable=True)
    return Do(EffectKind.APPLY)


def _drain(facts: Facts) -> Decision:
    for replica in facts.candidate:
        if replica.is_routed:
            return Do(EffectKind.WITHDRAW, name=replica.name)
    if any(r.server is not ServerState.ABSENT for r in facts.candidate):
        return Do(EffectKind.APPLY)
    return Move(State.CLEANUP)


def remove_surplus(replicas: tuple[ReplicaFact, ...], *, is_stable: bool) -> Decision | None:
    """Out of the proxy first, drained, then stopped; one thing at a time, the last container first."""
    for replica in reversed(replicas):
        if replica.is_routed:
            return Do(EffectKind.WITHDRAW, name=replica.name, is_stable=is_stable)
    if any(r.server is not ServerState.ABSENT for r in replicas):
        return Do(EffectKind.APPLY)
    for replica in reversed(replicas):
        return Do(EffectKind.REMOVE, name=replica.name, is_stable=is_stable)
    return None


def end_of(rollout: Rollout) -> State:
    """The state in which the way back ends."""
    return State.SUPERSEDED if rollout.wish.is_supersede else State.ABORTED


def seconds_in_step(rollout: Rollout, now: datetime) -> float:
    """How long the present step has been worked on."""
    return (now - rollout.step_since).total_seconds() if rollout.step_since else 0.0
