"""Stories of canaries: what Bob starts, what Alice decides, what the portal does by itself."""

from __future__ import annotations

import pytest

from portal.domain.errors import Conflict, Invalid, PortalError, Refused
from portal.domain.rollout import Action, PauseKind, State
from portal.domain.rollout_facts import EffectKind
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder
from tests.stage import ALICE, BOB, CAROL, DAVE, MALLORY, PortalStage

pytestmark = pytest.mark.req("REQ-P3-009")


def test_a_good_canary_is_promoted_after_alice_approves(stage: PortalStage) -> None:
    # Given a canary that Bob started
    rollout = stage.start("1.1.0")
    # When its evidence passes and Alice approves
    waiting = stage.until(rollout, State.AWAITING_APPROVAL)
    assert waiting.percent == 10
    stage.act(rollout, Action.APPROVE, ALICE)
    baking = stage.until(rollout, State.BAKING)
    # Then everything is on the new version and the old one is kept warm
    assert baking.is_promoted
    assert stage.deployed() == "1.1.0"
    assert stage.running() == {"1.0.0", "1.1.0"}
    # And after the bake time the old one is gone
    stage.act(rollout, Action.FINISH, ALICE)
    assert stage.until(rollout).state is State.SUCCEEDED
    assert stage.running() == {"1.1.0"}
    assert stage.share() == 0


def test_a_canary_with_five_per_cent_errors_is_stopped_by_the_portal(stage: PortalStage) -> None:
    done = stage.until(stage.start("1.2.0"))
    assert done.state is State.ABORTED
    assert done.cause is not None
    assert done.cause.code == "verdict_failed"
    assert stage.share() == 0
    assert stage.running() == {"1.0.0"}
    assert stage.deployed() == "1.0.0"


def test_what_a_canary_answers_counts_from_the_first_whole_second_of_its_share(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    stage.pass_seconds(4)
    verdict = stage.view(rollout).verdict
    assert verdict is not None
    assert verdict.canary_requests >= 40


def test_a_slow_canary_is_stopped_by_the_portal(stage: PortalStage) -> None:
    done = stage.until(stage.start("1.3.0"))
    assert done.cause is not None
    assert done.cause.params["reason"] == "latency_worse"


def test_an_abort_while_everything_is_new_returns_to_the_warm_version(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan="strategy: blue-green\nbake: 1h")
    stage.until(rollout, State.BAKING)
    assert stage.deployed() == "1.1.0"
    stage.act(rollout, Action.ABORT, DAVE)
    assert stage.until(rollout).state is State.ABORTED
    assert stage.deployed() == "1.0.0"
    assert stage.share() == 0
    assert stage.running() == {"1.0.0"}


def test_rolling_replaces_batch_by_batch_and_never_runs_more_than_one_extra(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan="strategy: rolling\nbatch: 1")
    most = 0
    while not stage.now(rollout).state.is_over:
        stage.pass_seconds(0.25)
        most = max(most, sum(c.is_running for c in stage.containers.list()))
    assert stage.now(rollout).state is State.SUCCEEDED
    assert most == 4
    assert stage.running() == {"1.1.0"}


def test_aborting_a_rolling_update_restores_all_containers_of_the_old_version(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan="strategy: rolling\nbatch: 1\nobserve: 30s\nanalysis: false")
    while sum(c.labels["codexfather.version"] == "1.0.0" for c in stage.containers.list()) > 1:
        assert not stage.now(rollout).state.is_over
        stage.pass_seconds(0.25)
    stage.act(rollout, Action.ABORT, DAVE)
    assert stage.until(rollout).state is State.ABORTED
    assert stage.running() == {"1.0.0"}
    assert sum(c.is_running for c in stage.containers.list()) == 3
    assert stage.share() == 0


def test_an_adaptive_canary_grows_with_the_evidence(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan={"strategy": "canary", "steps": [{"adapt": {"from": 5, "to": 40}}]})
    shares: list[int] = []
    while not stage.now(rollout).state.is_over:
        stage.pass_seconds(0.25)
        shares.append(stage.now(rollout).percent)
    growing = [share for share in dict.fromkeys(shares) if share]
    assert growing == [5, 10, 20, 40, 100]


def test_without_traffic_a_canary_pauses_for_a_person_and_is_never_passed(stage: PortalStage) -> None:
    stage.rate = 0.0
    plan = "strategy: canary\nsteps: [{weight: 10}, {observe: 5s}]\nanalysis: {inconclusive_after: 10s}"
    paused = stage.until(stage.start("1.1.0", plan=plan), State.PAUSED)
    assert paused.pause is PauseKind.INCONCLUSIVE
    assert paused.percent == 10


def test_bob_cannot_approve_what_he_started_and_carol_cannot_approve_at_all(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", actor=ALICE)
    stage.until(rollout, State.AWAITING_APPROVAL)
    for actor, code in ((ALICE, "approver_is_requester"), (CAROL, "not_allowed"), (BOB, "not_allowed")):
        with pytest.raises(Refused) as refused:
            stage.act(rollout, Action.APPROVE, actor)
        assert refused.value.code == code
    stage.pass_seconds(5)
    assert stage.now(rollout).state is State.AWAITING_APPROVAL


def test_an_approval_of_other_evidence_than_there_is_now_is_refused(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    with pytest.raises(Conflict) as changed:
        stage.core.rollouts.act(
            ALICE, rollout.id, Action.APPROVE, request=ActionRequest("fine", evidence_hash="0" * 16)
        )
    assert changed.value.code == "evidence_changed"


def test_an_approval_is_void_once_the_evidence_changes(stage: PortalStage) -> None:
    plan = "strategy: canary\nsteps: [{weight: 10}, {observe: 10s}, {approval: 2}]"
    rollout = stage.start("1.1.0", plan=plan)
    stage.until(rollout, State.AWAITING_APPROVAL)
    stage.act(rollout, Action.APPROVE, ALICE)
    container = next(c for c in stage.containers.list() if c.labels["codexfather.version"] == "1.1.0")
    assert container.started_at is not None
    age = (stage.clock.now() - container.started_at).total_seconds()
    stage.world.alter(container.name, crash_after_seconds=age - 1.5)
    stage.pass_seconds(3)
    assert all(a.is_void for a in stage.view(rollout).approvals) or stage.now(rollout).state.is_over


def test_a_rejection_goes_back(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    stage.act(rollout, Action.REJECT, ALICE)
    done = stage.until(rollout)
    assert done.state is State.ABORTED
    assert done.cause is not None
    assert done.cause.code == "rejected"


def test_pause_holds_the_share_and_resume_goes_on(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    stage.act(rollout, Action.PAUSE, ALICE)
    stage.pass_seconds(30)
    assert stage.now(rollout).state is State.PAUSED
    assert stage.share() == 10
    stage.act(rollout, Action.RESUME, ALICE)
    assert stage.until(rollout, State.AWAITING_APPROVAL).state is State.AWAITING_APPROVAL


def test_a_paused_canary_that_turns_bad_still_goes_back(stage: PortalStage) -> None:
    rollout = stage.start("1.2.0")
    stage.until(rollout, State.OBSERVING)
    stage.act(rollout, Action.PAUSE, ALICE)
    assert stage.until(rollout).state is State.ABORTED


def test_skip_and_promote_leave_out_waiting_but_never_an_approval(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    stage.act(rollout, Action.PROMOTE, ALICE)
    assert stage.until(rollout, State.AWAITING_APPROVAL).state is State.AWAITING_APPROVAL
    stage.act(rollout, Action.APPROVE, ALICE)
    assert stage.until(rollout, State.BAKING).is_promoted


def test_the_same_key_starts_one_rollout(stage: PortalStage) -> None:
    order = RolloutOrder("hello", "prod", "1.1.0", "once", CANARY_PLAN, key="k-1")
    first = stage.core.rollouts.start(BOB, order)
    assert stage.core.rollouts.start(BOB, order).id == first.id


CANARY_PLAN = "strategy: canary\nsteps: [{weight: 10}, {observe: 10s}]"


def test_a_second_rollout_of_the_same_target_is_refused_or_supersedes(stage: PortalStage) -> None:
    first = stage.start("1.1.0")
    stage.until(first, State.OBSERVING)
    with pytest.raises(Conflict) as running:
        stage.start("1.3.0")
    assert running.value.code == "rollout_running"
    order = RolloutOrder("hello", "prod", "1.3.0", "urgent", "strategy: blue-green", is_superseding=True)
    second = stage.core.rollouts.start(BOB, order)
    assert stage.until(first).state is State.SUPERSEDED
    assert stage.until(second).state is State.SUCCEEDED
    assert stage.deployed() == "1.3.0"


def test_a_return_needs_no_approval_and_only_goes_to_what_ran_there(stage: PortalStage) -> None:
    done = stage.until(stage.start("1.1.0", plan="strategy: blue-green"))
    assert done.state is State.SUCCEEDED
    with pytest.raises(Refused) as refused:
        stage.core.rollouts.roll_back(DAVE, RolloutOrder("hello", "prod", "1.3.0", "back"))
    assert refused.value.code == "never_ran_here"
    back = stage.core.rollouts.roll_back(DAVE, RolloutOrder("hello", "prod", "1.0.0", "back"))
    assert stage.until(back).state is State.SUCCEEDED
    assert stage.deployed() == "1.0.0"


@pytest.mark.parametrize("action", list(Action))
def test_nothing_makes_sense_once_it_is_over(stage: PortalStage, action: Action) -> None:
    rollout = stage.until(stage.start("1.2.0"))
    with pytest.raises(PortalError) as senseless:
        stage.act(rollout, action, ALICE)
    assert senseless.value.code in ("action_senseless", "not_allowed")


def test_every_action_needs_a_reason(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    with pytest.raises(Invalid) as missing:
        stage.act(rollout, Action.ABORT, DAVE, reason="  ")
    assert missing.value.code == "reason_missing"


def test_mallory_can_neither_start_nor_see(stage: PortalStage) -> None:
    for attempt in (lambda: stage.start("1.1.0", actor=MALLORY), lambda: stage.core.catalogue.services(MALLORY)):
        with pytest.raises(Refused):
            attempt()
    assert stage.deployed() == "1.0.0"


def test_every_change_of_a_rollout_is_in_the_trail(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    stage.act(rollout, Action.APPROVE, ALICE, reason="looks good")
    stage.until(rollout, State.BAKING)
    actions = [entry.action for entry in reversed(stage.view(rollout).timeline)]
    assert actions[0] == "rollout.started"
    assert actions.count("rollout.shifted") == 3
    assert "rollout.approve" in actions
    assert "rollout.promoted" in actions
    assert EffectKind.SHIFT
