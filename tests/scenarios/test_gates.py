"""Stories of rules: freezes, promotion order, signatures, waiting times and approvals before the start."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.domain.access import SYSTEM
from portal.domain.environment import Environment, FreezeWindow, Protection, Stage
from portal.domain.errors import Refused
from portal.domain.release import Signature
from portal.domain.rollout import Action, PauseKind, State
from portal.services.releases import ReleaseDetails
from portal.services.rollouts import RolloutOrder
from tests.stage import ALICE, BOB, DAVE, PortalStage

pytestmark = pytest.mark.req("REQ-P3-009")


def freeze(stage: PortalStage, *, minutes: float = 5) -> FreezeWindow:
    now = stage.clock.now()
    window = FreezeWindow(0, "night", "prod", starts_at=now, ends_at=now + timedelta(minutes=minutes))
    return stage.core.catalogue.add_freeze(ALICE, window)


def protect(stage: PortalStage, protection: Protection) -> None:
    prod = stage.core.catalogue.environment(SYSTEM, "prod")
    stage.core.catalogue.save_environment(SYSTEM, replace(prod, protection=protection))


def test_a_freeze_pauses_a_running_rollout_and_lets_it_go_on_afterwards(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan="strategy: canary\nsteps: [{weight: 10}, {observe: 10s}, {weight: 50}]")
    stage.until(rollout, State.OBSERVING)
    freeze(stage)
    paused = stage.until(rollout, State.PAUSED)
    assert paused.pause is PauseKind.FREEZE
    assert stage.share() == 10
    assert stage.until(rollout, seconds=400).state is State.SUCCEEDED


def test_a_freeze_never_blocks_the_way_back(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    freeze(stage)
    stage.act(rollout, Action.ABORT, DAVE)
    assert stage.until(rollout).state is State.ABORTED


def test_a_start_during_a_freeze_waits_and_two_people_can_break_the_glass(stage: PortalStage) -> None:
    freeze(stage, minutes=60)
    rollout = stage.start("1.1.0", plan="strategy: blue-green")
    stage.pass_seconds(5)
    waiting = stage.now(rollout)
    assert waiting.state is State.QUEUED
    assert waiting.note is not None
    assert waiting.note.code == "frozen"
    for _ in range(2):
        stage.core.rollouts.break_glass(ALICE, rollout.id, "outage")
    stage.pass_seconds(5)
    assert stage.now(rollout).state is State.QUEUED
    stage.core.rollouts.break_glass(DAVE, rollout.id, "outage")
    assert stage.until(rollout).state is State.SUCCEEDED


def test_a_release_must_have_run_in_the_environment_before(stage: PortalStage) -> None:
    protect(stage, Protection(after_environment="staging"))
    with pytest.raises(Refused) as refused:
        stage.start("1.1.0")
    assert refused.value.code == "must_run_before"
    order = RolloutOrder("hello", "staging", "1.1.0", "first here", "strategy: rolling")
    assert stage.until(stage.core.rollouts.start(BOB, order)).state is State.SUCCEEDED
    assert stage.until(stage.start("1.1.0", plan="strategy: blue-green")).state is State.SUCCEEDED


def test_a_wait_timer_holds_the_start(stage: PortalStage) -> None:
    protect(stage, Protection(wait_seconds=60))
    rollout = stage.start("1.1.0", plan="strategy: blue-green")
    stage.pass_seconds(50)
    assert stage.now(rollout).state is State.QUEUED
    assert stage.until(rollout).state is State.SUCCEEDED


def test_the_environments_approvals_come_before_anything_is_touched(stage: PortalStage) -> None:
    protect(stage, Protection(approvals=1))
    rollout = stage.start("1.1.0", plan="strategy: blue-green")
    waiting = stage.until(rollout, State.AWAITING_APPROVAL)
    stage.pass_seconds(5)
    assert stage.running() == {"1.0.0"}
    assert waiting.cursor == 0
    stage.act(rollout, Action.APPROVE, ALICE)
    assert stage.until(rollout).state is State.SUCCEEDED


def test_an_approval_nobody_gives_expires(stage: PortalStage) -> None:
    protect(stage, Protection(approvals=1, approval_hours=1))
    rollout = stage.start("1.1.0", plan="strategy: blue-green")
    stage.until(rollout, State.AWAITING_APPROVAL)
    stage.clock.move(3601)
    done = stage.until(rollout)
    assert done.state is State.ABORTED
    assert done.cause is not None
    assert done.cause.code == "approval_expired"


def test_an_unsigned_image_is_refused_and_a_signed_one_enters(stage: PortalStage) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    protect(stage, Protection(signature_key=pem))
    with pytest.raises(Refused) as refused:
        stage.start("1.1.0")
    assert refused.value.code == "signature_missing"
    image = stage.containers.image("hello:1.1.0").id
    for signed, is_good in (("sha256:" + "0" * 64, False), (image, True)):
        payload = json.dumps({"critical": {"image": {"docker-manifest-digest": signed}}})
        signature = base64.b64encode(key.sign(payload.encode(), ec.ECDSA(SHA256()))).decode()
        details = ReleaseDetails(signatures=(Signature(payload, signature),))
        version = f"2.0.{int(is_good)}"
        stage.core.releases.create(BOB, "hello", version, image="hello:1.1.0", details=details)
        if not is_good:
            with pytest.raises(Refused):
                stage.start(version)
            continue
        assert stage.until(stage.start(version, plan="strategy: blue-green")).state is State.SUCCEEDED


def test_an_irreversible_release_halts_for_a_person(stage: PortalStage) -> None:
    details = ReleaseDetails(is_irreversible=True)
    stage.core.releases.create(BOB, "hello", "3.0.0", image="hello:1.2.0", details=details)
    rollout = stage.start("3.0.0")
    halted = stage.until(rollout, State.HALTED)
    assert halted.percent == 10
    stage.act(rollout, Action.ABORT, DAVE)
    assert stage.until(rollout).state is State.ABORTED


def test_two_routes_that_could_not_be_told_apart_are_refused(stage: PortalStage) -> None:
    stage.core.catalogue.save_environment(SYSTEM, Environment("qa", Stage.CUSTOM, 9, replicas=1))
    with pytest.raises(Refused) as refused:
        stage.core.rollouts.start(BOB, RolloutOrder("hello", "qa", "1.1.0", "twice"))
    assert refused.value.code == "route_taken"
    assert refused.value.params["other"] == "hello@prod"
