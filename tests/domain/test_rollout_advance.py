"""The one next thing to do, for every state and every kind of trouble."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.domain.environment import Environment, Stage
from portal.domain.plan import Plan, Step, StepKind, Strategy, resolve
from portal.domain.rollout import PauseKind, Rollout, State, Wish
from portal.domain.rollout_advance import advance, after_step
from portal.domain.rollout_facts import Advance, Decision, Do, EffectKind, Facts, Move, ReplicaFact, Wait
from portal.domain.route import ServerState, Slot
from portal.domain.verdict import Outcome, Verdict

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CANARY = Plan(
    Strategy.CANARY,
    steps=(
        Step(StepKind.SHIFT, percent=10),
        Step(StepKind.OBSERVE, seconds=60),
        Step(StepKind.APPROVAL, approvals=1),
        Step(StepKind.SHIFT, percent=50),
        Step(StepKind.OBSERVE, seconds=60),
    ),
    bake_seconds=3600,
)
PROD = Environment("prod", Stage.PROD, 4, replicas=2)


def replica(name: str, **values: object) -> ReplicaFact:
    fact = ReplicaFact(name, is_there=True, is_running=True, is_routed=True, server=ServerState.UP)
    return replace(fact, **values)


CANDIDATE = (replica("new-1"), replica("new-2"))
STABLE = (replica("old-1"), replica("old-2"))
FINE = Facts(live_percent=10, candidate=CANDIDATE, stable=STABLE)


def verdict(outcome: Outcome, requests: int = 1000) -> Verdict:
    return Verdict(outcome, (), requests, requests, 0, 0, str(outcome), {})


def rollout(kind: StepKind, *, nth: int = 0, **values: object) -> Rollout:
    """A canary at the n-th step of this kind, in the state that belongs to it."""
    steps = resolve(CANARY, PROD, is_first=False)
    cursor = [i for i, step in enumerate(steps) if step.kind is kind][nth]
    made = Rollout(
        id=7, service="hello", environment="prod", from_version="1.0.0", to_version="1.1.0", from_image="sha256:a",
        to_image="sha256:b", plan=CANARY, steps=steps, slot=Slot.GREEN, requested_by="bob", created_at=NOW,
        state_since=NOW, step_since=NOW, percent=10,
    )  # fmt: skip
    made = after_step(replace(made, cursor=cursor - 1), NOW) if cursor else replace(made, state=State.PREPARING)
    return replace(made, **values)


def test_an_accepted_abort_comes_before_everything_else() -> None:
    asked = rollout(StepKind.OBSERVE, wish=Wish(is_abort=True, by="dave"))
    decision = advance(asked, replace(FINE, verdict=verdict(Outcome.PASS), observed_seconds=999), NOW)
    assert isinstance(decision, Move)
    assert decision.state is State.ROLLING_BACK


def test_an_abort_in_the_queue_ends_at_once_and_touches_nothing() -> None:
    asked = rollout(StepKind.PREPARE, state=State.QUEUED, wish=Wish(is_abort=True))
    assert advance(asked, replace(FINE, has_lock=False), NOW) == Move(State.ABORTED, advance_cause(asked))


def advance_cause(asked: Rollout):
    decision = advance(asked, replace(FINE, has_lock=False), NOW)
    assert isinstance(decision, Move)
    return decision.cause


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        ({"is_oom_killed": True}, "out_of_memory"),
        ({"restarts": 2}, "crash_loop"),
        ({"is_running": False, "exit_code": 137}, "container_died"),
    ],
)
def test_harm_to_a_canary_container_sends_the_traffic_back(harm: dict[str, object], code: str) -> None:
    facts = replace(FINE, candidate=(replica("new-1", **harm), replica("new-2")))
    decision = advance(rollout(StepKind.OBSERVE), facts, NOW)
    assert isinstance(decision, Move)
    assert decision.state is State.ROLLING_BACK
    assert decision.cause is not None
    assert decision.cause.code == code


def test_a_failed_verdict_sends_the_traffic_back_even_while_waiting_for_approval() -> None:
    decision = advance(rollout(StepKind.APPROVAL), replace(FINE, verdict=verdict(Outcome.FAIL)), NOW)
    assert isinstance(decision, Move)
    assert decision.state is State.ROLLING_BACK


def test_an_irreversible_release_halts_for_a_person_instead() -> None:
    decision = advance(
        rollout(StepKind.OBSERVE, is_irreversible=True), replace(FINE, verdict=verdict(Outcome.FAIL)), NOW
    )
    assert isinstance(decision, Move)
    assert decision.state is State.HALTED


def test_time_alone_never_passes_an_observation() -> None:
    late = NOW + timedelta(hours=1)
    facts = replace(FINE, verdict=verdict(Outcome.INCONCLUSIVE), observed_seconds=3600)
    decision = advance(rollout(StepKind.OBSERVE), facts, late)
    assert decision == Move(State.PAUSED, decision.cause, PauseKind.INCONCLUSIVE)  # type: ignore[union-attr]


def test_seconds_without_a_watcher_do_not_count_as_observed() -> None:
    facts = replace(FINE, verdict=verdict(Outcome.PASS), observed_seconds=3)
    assert isinstance(advance(rollout(StepKind.OBSERVE), facts, NOW + timedelta(hours=1)), Wait)


def test_a_passed_and_long_enough_observation_goes_on() -> None:
    facts = replace(FINE, verdict=verdict(Outcome.PASS), observed_seconds=60)
    assert isinstance(advance(rollout(StepKind.OBSERVE), facts, NOW), Advance)


def test_no_share_grows_while_a_freeze_lasts_but_the_way_back_is_open() -> None:
    frozen = replace(FINE, is_frozen=True, freeze_name="night")
    decision = advance(rollout(StepKind.SHIFT, nth=1), frozen, NOW)
    assert decision == Move(State.PAUSED, decision.cause, PauseKind.FREEZE)  # type: ignore[union-attr]
    assert advance(rollout(StepKind.SHIFT, nth=1, state=State.ROLLING_BACK), frozen, NOW) == Do(
        EffectKind.SHIFT, percent=0
    )


def test_a_canary_that_is_not_healthy_gets_no_share() -> None:
    facts = replace(FINE, candidate=(replica("new-1"), replica("new-2", server=ServerState.GATING)), live_percent=0)
    assert not isinstance(advance(rollout(StepKind.SHIFT, percent=0), facts, NOW), Do)


def test_never_healthy_ends_in_a_rollback_after_the_plans_limit() -> None:
    facts = replace(FINE, candidate=(replica("new-1", server=ServerState.GATING),), live_percent=0)
    waiting = rollout(StepKind.GATE, percent=0)
    assert advance(waiting, facts, NOW + timedelta(seconds=59)) == Do(EffectKind.APPLY)
    decision = advance(waiting, facts, NOW + timedelta(seconds=61))
    assert isinstance(decision, Move)
    assert decision.cause is not None
    assert decision.cause.code == "never_healthy"


def test_going_back_shifts_first_and_removes_containers_last() -> None:
    seen: list[EffectKind | State] = []
    going = rollout(StepKind.OBSERVE, state=State.ROLLING_BACK)
    facts = FINE
    for _ in range(20):
        decision = advance(going, facts, NOW)
        going, facts, mark = _follow(going, facts, decision)
        seen.append(mark)
        if going.state.is_over:
            break
    assert seen[0] is EffectKind.SHIFT
    assert seen[-1] is State.ABORTED
    assert seen.index(EffectKind.WITHDRAW) < seen.index(EffectKind.REMOVE)


def _follow(going: Rollout, facts: Facts, decision: Decision) -> tuple[Rollout, Facts, EffectKind | State]:
    """The world obeys at once."""
    if isinstance(decision, Move):
        return replace(going, state=decision.state), facts, decision.state
    assert isinstance(decision, Do)
    match decision.effect:
        case EffectKind.SHIFT:
            return (
                replace(going, percent=decision.percent),
                replace(facts, live_percent=decision.percent),
                decision.effect,
            )
        case EffectKind.WITHDRAW:
            left = tuple(replace(r, is_routed=False) if r.name == decision.name else r for r in facts.candidate)
            return going, replace(facts, candidate=left), decision.effect
        case EffectKind.REMOVE:
            return (
                going,
                replace(facts, candidate=tuple(r for r in facts.candidate if r.name != decision.name)),
                decision.effect,
            )
        case _:
            gone = tuple(r if r.is_routed else replace(r, server=ServerState.ABSENT) for r in facts.candidate)
            return going, replace(facts, candidate=gone), decision.effect


def test_traffic_is_never_sent_back_to_a_stable_version_that_is_down() -> None:
    down = tuple(replace(r, server=ServerState.DOWN) for r in STABLE)
    going = rollout(StepKind.OBSERVE, state=State.ROLLING_BACK)
    assert advance(going, replace(FINE, stable=down), NOW) == Do(EffectKind.APPLY)
    late = advance(going, replace(FINE, stable=down), NOW + timedelta(hours=1))
    assert isinstance(late, Move)
    assert late.state is State.HALTED


def test_the_old_version_is_not_touched_before_the_bake_time_is_over() -> None:
    baking = rollout(StepKind.BAKE, percent=100)
    facts = replace(FINE, live_percent=100)
    assert isinstance(advance(baking, facts, NOW + timedelta(seconds=3599)), Wait)
    assert isinstance(advance(baking, facts, NOW + timedelta(seconds=3600)), Advance)


def test_an_approval_before_the_start_comes_before_the_queue_for_the_target() -> None:
    guarded = replace(PROD, protection=replace(PROD.protection, approvals=1))
    steps = resolve(Plan(Strategy.ROLLING), guarded, is_first=False)
    waiting = rollout(StepKind.PREPARE, steps=steps, cursor=0, state=State.QUEUED, percent=0)
    first = advance(waiting, replace(FINE, has_lock=False), NOW)
    assert isinstance(first, Move)
    assert first.state is State.AWAITING_APPROVAL
    assert after_step(replace(waiting, state=State.AWAITING_APPROVAL), NOW).state is State.QUEUED


def test_a_rejection_and_an_expiry_both_go_back() -> None:
    for facts in (replace(FINE, rejected_by="alice"), replace(FINE, is_approval_expired=True)):
        decision = advance(rollout(StepKind.APPROVAL), facts, NOW)
        assert isinstance(decision, Move)
        assert decision.state is State.ROLLING_BACK


def test_what_was_paused_in_the_queue_goes_back_to_the_queue() -> None:
    paused = rollout(
        StepKind.PREPARE, state=State.PAUSED, pause=PauseKind.MANUAL, percent=0, wish=Wish(is_promote=True)
    )
    decision = advance(paused, replace(FINE, candidate=(), has_lock=False, blocked_by=6, live_percent=0), NOW)
    assert isinstance(decision, Move)
    assert decision.state is State.QUEUED
