"""Scaling by hand and by a policy: nobody's request fails, what does not become healthy is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditQuery
from portal.domain.errors import Conflict, NotFound, Refused, Unsupported
from portal.domain.job import Job, JobState
from portal.domain.rollout import State
from portal.domain.scaling import ScalingChange, ScalingMetric, ScalingPolicy, Verb
from tests.stage import ALICE, BOB, CAROL, DAVE, MALLORY, PortalStage

PLACE = ("hello", "prod")
pytestmark = pytest.mark.req("REQ-P3-008")


@pytest.fixture
def stage(tmp_path: Path) -> PortalStage:
    return PortalStage(tmp_path).furnish()


def scaled(stage: PortalStage, change: ScalingChange) -> Job:
    job = stage.core.scaling.scale(DAVE, PLACE, change, reason="more people")
    stage.do_jobs()
    return stage.core.jobs.get(DAVE, job.id)


def containers(stage: PortalStage) -> list[str]:
    return sorted(c.name for c in stage.containers.list() if c.is_running)


def served(stage: PortalStage) -> set[str]:
    return {s.name for s in stage.traffic.observe().servers if s.state == "up"}


def test_containers_are_added_and_take_requests(stage: PortalStage):
    job = scaled(stage, ScalingChange(replicas=5))
    assert job.state is JobState.SUCCEEDED
    assert len(containers(stage)) == 5
    assert served(stage) == set(containers(stage))
    view = stage.core.scaling.view(CAROL, *PLACE)
    assert (view.deployment.replicas, view.scale.replicas, view.is_moving) == (5, 5, False)


def test_containers_are_removed_and_their_addresses_rest(stage: PortalStage):
    before = containers(stage)
    assert scaled(stage, ScalingChange(replicas=1)).state is JobState.SUCCEEDED
    assert containers(stage) == before[:1]
    assert served(stage) == set(before[:1])
    assert stage.core.keeper.look() == 0
    assert len(stage.containers.list()) == 1


def test_the_next_rollout_keeps_the_number(stage: PortalStage):
    scaled(stage, ScalingChange(replicas=4))
    rollout = stage.start("1.1.0", plan="strategy: blue_green\nbake: 0s")
    assert stage.until(rollout, State.SUCCEEDED).state is State.SUCCEEDED
    assert len(containers(stage)) == 4


def test_bounds_are_changed_in_place_and_survive_a_new_container(stage: PortalStage):
    before = containers(stage)
    assert scaled(stage, ScalingChange(memory_bytes=64 << 20, cpu_cores=1.5)).state is JobState.SUCCEEDED
    assert containers(stage) == before
    for name in before:
        limits = stage.containers.details(name).limits
        assert (limits.memory_bytes, limits.cpu_cores) == (64 << 20, 1.5)
    stage.containers.remove(before[0])
    assert stage.core.keeper.look() == 1
    assert stage.containers.details(before[0]).limits.memory_bytes == 64 << 20
    stage.world.kill(before[1])
    assert stage.core.keeper.look() == 1


def test_bounds_that_cannot_be_changed_in_place_come_with_new_containers(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch
):
    def cannot(*_: object) -> None:
        raise Unsupported("engine_cannot", what="limit")

    monkeypatch.setattr(type(stage.containers), "limit", cannot)
    before = containers(stage)
    assert scaled(stage, ScalingChange(cpu_cores=2.0)).state is JobState.SUCCEEDED
    assert not set(before) & set(containers(stage))
    assert len(containers(stage)) == 3
    assert {stage.containers.details(name).limits.cpu_cores for name in containers(stage)} == {2.0}


def test_what_does_not_become_healthy_is_taken_back(stage: PortalStage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.services.replica_moves.GATE_SECONDS", 0.3)
    before = containers(stage)
    stage.world.behaviours = {
        key: type(value)(version=value.version, is_never_healthy=True) for key, value in stage.world.behaviours.items()
    }
    job = scaled(stage, ScalingChange(replicas=5, cpu_cores=2.0))
    assert (job.state, job.error_code) == (JobState.FAILED, "scale_unhealthy")
    assert containers(stage) == before
    view = stage.core.scaling.view(CAROL, *PLACE)
    assert (view.deployment.replicas, view.scale.replicas, view.scale.cpu_cores) == (3, None, None)
    assert {stage.containers.details(name).limits.cpu_cores for name in before} == {view.limits.cpu_cores}


def test_a_portal_that_dies_in_the_middle_goes_on_without_a_container_too_many(
    stage: PortalStage, monkeypatch: pytest.MonkeyPatch
):
    stage.core.scaling.scale(DAVE, PLACE, ScalingChange(replicas=6), reason="more people")
    create, made = type(stage.containers).create, list[str]()

    def die(containers_: object, spec: object) -> object:
        if len(made) == 2:
            monkeypatch.undo()
            raise KeyboardInterrupt
        made.append("")
        return create(containers_, spec)  # type: ignore[arg-type]

    monkeypatch.setattr(type(stage.containers), "create", die)
    with pytest.raises(KeyboardInterrupt):
        stage.do_jobs()
    stage.do_jobs()
    assert len(containers(stage)) == 6
    assert len(stage.containers.list()) == 6


def test_while_a_rollout_is_at_work_nothing_is_scaled(stage: PortalStage):
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    with pytest.raises(Conflict, match="rollout_running"):
        stage.core.scaling.scale(DAVE, PLACE, ScalingChange(replicas=2), reason="fewer")


def test_a_rollout_waits_for_what_scales(stage: PortalStage):
    stage.core.scaling.scale(DAVE, PLACE, ScalingChange(replicas=2), reason="fewer")
    rollout = stage.start("1.1.0")
    stage.pass_seconds(1)
    assert stage.now(rollout).state is State.QUEUED
    stage.do_jobs()
    assert stage.until(rollout, State.OBSERVING).state is State.OBSERVING


@pytest.mark.parametrize("actor", [BOB, CAROL, MALLORY])
def test_who_may_not_scale_is_refused(stage: PortalStage, actor: object):
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.scaling.scale(actor, PLACE, ScalingChange(replicas=2), reason="mine")  # type: ignore[arg-type]
    with pytest.raises(Refused, match="not_allowed"):
        stage.core.scaling.set_policy(actor, PLACE, ScalingPolicy(), reason="mine")  # type: ignore[arg-type]


def test_what_does_not_run_is_not_scaled(stage: PortalStage):
    with pytest.raises(NotFound, match="deployment_missing"):
        stage.core.scaling.scale(DAVE, ("hello", "dev"), ScalingChange(replicas=2), reason="more")


def test_the_trail_says_who_scaled_what_and_why(stage: PortalStage):
    scaled(stage, ScalingChange(replicas=2))
    stage.core.scaling.set_policy(ALICE, PLACE, ScalingPolicy(is_on=True), reason="evenings")
    entries = stage.core.audit.page(SYSTEM, AuditQuery(target="hello@prod")).items
    found = {e.action: (e.actor, e.reason, e.params.get("to", "")) for e in entries}
    assert found["deployment.scaled"] == ("dave", "more people", "2")
    assert found["scaling.policy_set"][:2] == ("alice", "evenings")


def test_the_policy_adds_containers_when_the_load_is_high_says_why_and_then_rests(stage: PortalStage):
    policy = ScalingPolicy(is_on=True, least=1, most=6, metric=ScalingMetric.REQUESTS, target=30.0)
    stage.core.scaling.set_policy(ALICE, PLACE, policy, reason="evenings")
    stage.pass_seconds(12)  # 200 requests a second over three containers
    assert stage.core.scaling.tend() == 1
    stage.do_jobs()
    assert len(containers(stage)) == 6
    stage.pass_seconds(1)
    stage.core.scaling.tend()
    stage.rate = 0.0
    stage.pass_seconds(12)
    assert stage.core.scaling.tend() == 0
    entries = stage.core.scaling.view(CAROL, *PLACE).entries
    assert [(e.verb, e.code) for e in entries] == [
        (Verb.HOLD, "resting"),
        (Verb.HOLD, "at_most"),
        (Verb.UP, "load_up"),
    ]
    assert (entries[2].replicas, entries[2].wanted, entries[2].by) == (3, 6, SYSTEM.name)


def test_silence_scales_down_once_the_rest_is_over(stage: PortalStage):
    policy = ScalingPolicy(True, 1, 6, ScalingMetric.REQUESTS, 100.0, up_cooldown_seconds=10, down_cooldown_seconds=10)
    stage.core.scaling.set_policy(ALICE, PLACE, policy, reason="nights")
    stage.pass_seconds(5)
    stage.rate = 0.0
    stage.pass_seconds(15)
    assert stage.core.scaling.tend() == 1
    stage.do_jobs()
    assert len(containers(stage)) == 2


def test_the_processors_use_is_measured_against_what_each_may_use(stage: PortalStage):
    stage.core.scaling.set_policy(ALICE, PLACE, ScalingPolicy(True, 1, 6, target=50.0), reason="load")
    for container in stage.containers.list():
        stage.world.alter(container.name, cpu_percent=45.0)  # of one core; each may use half of one
    assert stage.core.scaling.tend() == 1
    assert stage.core.scaling.view(CAROL, *PLACE).entries[0].code == "load_up"
