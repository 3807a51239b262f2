"""The heart of a rollout: given what is wanted and what is so, the one next thing to do.

Pure and level-triggered: it may be asked again at any time, by another process, after a crash, and answers from the
facts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from portal.domain.plan import Step, StepKind
from portal.domain.rollout import Cause, PauseKind, Rollout, State, state_of
from portal.domain.rollout_facts import (
    Advance,
    Decision,
    Do,
    EffectKind,
    Facts,
    Move,
    ReplicaFact,
    Wait,
)
from portal.domain.rollout_return import end_of, go_back, remove_surplus, seconds_in_step
from portal.domain.verdict import Outcome, Verdict

CRASH_RESTARTS = 2
ADAPT_SECONDS = 10


def advance(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    """The next decision. An accepted abort comes before everything; then harm; then the current step."""
    if rollout.state.is_going_back:
        return go_back(rollout, facts, now)
    if rollout.wish.is_abort:
        return _abort(rollout, facts)
    if rollout.state is State.QUEUED:
        return _queued(rollout, facts)
    if rollout.state is State.HALTED:
        return Wait(5.0)
    if _has_nothing_to_return_to(rollout, facts):
        return Move(State.HALTED, Cause("stable_unhealthy", {"version": rollout.from_version}))
    harm = _harm(rollout, facts)
    if harm is not None:
        return _stop(rollout, harm)
    if rollout.state is State.PAUSED:
        return _paused(rollout, facts, now)
    return _STEPS[rollout.step.kind](rollout, facts, now)


def _abort(rollout: Rollout, facts: Facts) -> Move:
    cause = Cause("superseded" if rollout.wish.is_supersede else "aborted_by_hand", {"by": rollout.wish.by})
    if facts.has_lock:
        return Move(State.ROLLING_BACK, cause)
    return Move(end_of(rollout), cause)


def _queued(rollout: Rollout, facts: Facts) -> Decision:
    if rollout.step.kind is StepKind.APPROVAL:
        return Move(State.AWAITING_APPROVAL, is_restart=True)
    if not facts.has_lock:
        if facts.blocked_by:
            return Wait(1.0, Cause("waits_for_rollout", {"id": str(facts.blocked_by)}))
        return Do(EffectKind.LOCK)
    if facts.start_refusal is not None:
        return Move(State.ABORTED, facts.start_refusal)
    if not facts.is_start_allowed:
        return Wait(1.0, Cause("waits_for_start_time"))
    if facts.is_frozen:
        return Wait(1.0, Cause("frozen", {"window": facts.freeze_name}))
    return Move(state_of(rollout.step), is_restart=True)


def _has_nothing_to_return_to(rollout: Rollout, facts: Facts) -> bool:
    """Whether the old version, on which most users still are, has come to harm: then neither way is good by itself."""
    is_split = 0 < rollout.percent < 100 and facts.is_proxy_alive and facts.is_engine_reachable
    return is_split and bool(facts.stable) and all(r.is_lost for r in facts.stable)


def _stop(rollout: Rollout, harm: Cause) -> Decision:
    """Back to stable, unless a person has to decide: nothing can be undone, or there is nothing to go back to."""
    if rollout.is_irreversible and rollout.percent > 0:
        return Move(State.HALTED, Cause("irreversible", {"cause": harm.code, **harm.params}))
    return Move(State.ROLLING_BACK, harm)


def _harm(rollout: Rollout, facts: Facts) -> Cause | None:
    """What forbids to go on: a container that came to harm, or the verdict."""
    if rollout.step.kind in (StepKind.FINALISE, StepKind.PREPARE):
        return None
    watched = rollout.percent > 0
    for replica in facts.candidate:
        cause = _container_harm(replica) if replica.is_there or watched else None
        if cause is not None and not (rollout.is_promoted and facts.candidate_up > 0):
            return cause
    if watched and facts.is_proxy_alive and facts.candidate and facts.candidate_up == 0 and facts.stable_up > 0:
        return Cause("health_lost", {"version": rollout.to_version})
    if 0 < rollout.percent < 100 and _is_failed(rollout, facts):
        return Cause("verdict_failed", _grounds(facts.verdict))
    return None


def _is_failed(rollout: Rollout, facts: Facts) -> bool:
    return rollout.analysis.is_enabled and facts.verdict is not None and facts.verdict.outcome is Outcome.FAIL


def _grounds(verdict: Verdict | None) -> dict[str, str]:
    return {"reason": verdict.reason, **verdict.params} if verdict else {}


def _container_harm(replica: ReplicaFact) -> Cause | None:
    if replica.is_oom_killed:
        return Cause("out_of_memory", {"container": replica.name})
    if replica.restarts >= CRASH_RESTARTS:
        return Cause("crash_loop", {"container": replica.name, "restarts": str(replica.restarts)})
    if replica.is_there and not replica.is_running and replica.exit_code is not None:
        return Cause("container_died", {"container": replica.name, "exit_code": str(replica.exit_code)})
    return None


def _paused(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    if rollout.wish.is_promote and rollout.pause is not PauseKind.FREEZE:
        return Advance(is_skipped=True) if rollout.step.kind is StepKind.PAUSE else _resume(rollout, facts)
    if rollout.pause is PauseKind.FREEZE and not facts.is_frozen:
        return _resume(rollout, facts)
    if rollout.pause is PauseKind.PLAN and rollout.step.kind is StepKind.PAUSE:
        return _pause(rollout, facts, now)
    return Wait(1.0)


def _resume(rollout: Rollout, facts: Facts) -> Move:
    """Where it was; one that was paused in the queue goes back to the queue."""
    return Move(state_of(rollout.step) if facts.has_lock else State.QUEUED, is_restart=True)


def _prepare(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    limit = rollout.plan.prepare_seconds
    if not facts.is_engine_reachable:
        return _wait_or_fail(rollout, now, limit, Cause("engine_unreachable"))
    if seconds_in_step(rollout, now) > limit:
        return _stop(rollout, rollout.note or Cause("start_too_slow", {"seconds": str(limit)}))
    missing = [r for r in facts.candidate if not (r.is_there and r.is_running)]
    if not missing:
        return Advance()
    died = next((cause for r in missing if (cause := _container_harm(r)) is not None), None)
    if died is not None:
        return _stop(rollout, died)
    return Do(EffectKind.CREATE, name=missing[0].name)


def _gate(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    if any(not r.is_routed for r in facts.candidate):
        return Do(EffectKind.ADMIT)
    if facts.candidate and facts.candidate_up == len(facts.candidate):
        return Advance()
    limit = rollout.plan.gate_seconds
    waiting = next((r.name for r in facts.candidate if not r.is_up), "")
    if not facts.is_proxy_alive:
        return _wait_or_fail(rollout, now, limit, Cause("proxy_unreachable"))
    if seconds_in_step(rollout, now) > limit:
        return _stop(rollout, Cause("never_healthy", {"container": waiting, "seconds": str(limit)}))
    return Do(EffectKind.APPLY)


def _wait_or_fail(rollout: Rollout, now: datetime, limit_seconds: float, cause: Cause) -> Decision:
    return _stop(rollout, cause) if seconds_in_step(rollout, now) > limit_seconds else Wait(0.5, cause)


def _shift(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    return _share(rollout, facts, now, rollout.step.percent) or Advance()


def _share(rollout: Rollout, facts: Facts, now: datetime, percent: int) -> Decision | None:
    """Brings the share to `percent` and returns None once the proxy really has it."""
    if rollout.percent == percent and facts.live_percent == percent:
        return None
    if percent > rollout.percent and facts.is_frozen:
        return Move(State.PAUSED, Cause("frozen", {"window": facts.freeze_name}), PauseKind.FREEZE)
    if not facts.is_proxy_alive:
        return Wait(0.5, Cause("proxy_unreachable"))
    if facts.candidate_up < len(facts.candidate):
        return _wait_or_fail(
            rollout, now, rollout.plan.gate_seconds, Cause("health_lost", {"version": rollout.to_version})
        )
    return Do(EffectKind.SHIFT, percent=percent)


def _observe(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    if rollout.wish.is_promote:
        return Advance(is_skipped=True)
    if facts.observed_seconds < rollout.step.seconds:
        return Wait(0.5)
    has_comparison = rollout.analysis.is_enabled and 0 < rollout.percent < 100
    if not has_comparison or (facts.verdict and facts.verdict.outcome is Outcome.PASS):
        return Advance()
    return _inconclusive(rollout, now)


def _inconclusive(rollout: Rollout, now: datetime) -> Decision:
    """Too little evidence is never a pass: go on watching for the plan's time, then ask a person."""
    if seconds_in_step(rollout, now) < rollout.step.seconds + rollout.analysis.inconclusive_seconds:
        return Wait(0.5, Cause("gathers_evidence"))
    return Move(State.PAUSED, Cause("inconclusive"), PauseKind.INCONCLUSIVE)


def _adapt(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    """The share doubles each time it was watched long enough without a sign of harm; the last one needs a pass."""
    if rollout.wish.is_promote:
        return Advance(is_skipped=True)
    percent = max(rollout.percent, rollout.step.percent)
    settling = _share(rollout, facts, now, percent)
    if settling is not None:
        return settling
    if facts.observed_seconds < ADAPT_SECONDS or facts.verdict is None:
        return Wait(0.5) if seconds_in_step(rollout, now) < ADAPT_SECONDS else _inconclusive(rollout, now)
    if percent < rollout.step.ceiling and facts.verdict.canary_requests >= rollout.analysis.min_requests:
        return Do(EffectKind.SHIFT, percent=min(rollout.step.ceiling, percent * 2))
    return Advance() if facts.verdict.outcome is Outcome.PASS else _inconclusive(rollout, now)


def _pause(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    del facts
    seconds = rollout.step.seconds
    if rollout.wish.is_promote or (seconds and seconds_in_step(rollout, now) >= seconds):
        return Advance(is_skipped=rollout.wish.is_promote)
    if rollout.pause is not PauseKind.PLAN:
        return Move(State.PAUSED, pause=PauseKind.PLAN)
    return Wait(1.0)


def _approval(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    del now
    back = State.ROLLING_BACK if facts.has_lock else State.ABORTED
    if facts.rejected_by:
        return Move(back, Cause("rejected", {"by": facts.rejected_by}))
    if facts.approvals >= rollout.step.approvals:
        return Advance()
    if facts.is_approval_expired:
        return Move(back, Cause("approval_expired"))
    return Wait(
        0.5 if rollout.percent else 2.0,
        Cause("waits_for_approval", {"have": str(facts.approvals), "need": str(rollout.step.approvals)}),
    )


def _retire(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    del now
    return remove_surplus(facts.stable[rollout.step.replicas :], is_stable=True) or Advance()


def _bake(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    del facts
    if rollout.wish.is_finish or seconds_in_step(rollout, now) >= rollout.step.seconds:
        return Advance(is_skipped=rollout.wish.is_finish)
    return Wait(1.0)


def _finalise(rollout: Rollout, facts: Facts, now: datetime) -> Decision:
    del now
    if not facts.is_flipped:
        return Do(EffectKind.FLIP)
    return remove_surplus(facts.stable, is_stable=True) or Move(State.SUCCEEDED)


_STEPS = {
    StepKind.PREPARE: _prepare,
    StepKind.GATE: _gate,
    StepKind.SHIFT: _shift,
    StepKind.OBSERVE: _observe,
    StepKind.ADAPT: _adapt,
    StepKind.PAUSE: _pause,
    StepKind.APPROVAL: _approval,
    StepKind.RETIRE: _retire,
    StepKind.BAKE: _bake,
    StepKind.FINALISE: _finalise,
}


def after_step(rollout: Rollout, now: datetime) -> Rollout:
    """The rollout at its next step. Passing the step that gave the new version everything is the promotion; an approval
    before the start is followed by the queue for the target."""
    passed: Step = rollout.step
    cursor = rollout.cursor + 1
    following = rollout.steps[cursor]
    return replace(
        rollout,
        cursor=cursor,
        state=State.QUEUED if passed.kind is StepKind.APPROVAL and rollout.cursor == 0 else state_of(following),
        state_since=now,
        step_since=now,
        pause=None,
        note=None,
        retries=0,
        is_promoted=rollout.is_promoted or (passed.kind is StepKind.SHIFT and passed.percent == 100),
    )
