"""Stories of trouble on the way: each ends in a stated state, with the traffic on healthy stable servers."""

from __future__ import annotations

import pytest

from portal.domain.container import LABEL_VERSION
from portal.domain.rollout import Action, State
from portal.domain.route import ServerState
from tests.stage import DAVE, PortalStage

SHORT = """
strategy: canary
steps: [{weight: 10}, {observe: 10s}, {weight: 50}, {observe: 10s}]
start_limit: 20s
health_limit: 20s
"""


def is_on_stable(stage: PortalStage) -> bool:
    stable = [s for s in stage.traffic.observe().servers if s.state is ServerState.UP]
    return stage.share() == 0 and len(stable) == 3 and stage.running() == {"1.0.0"}


def test_an_image_that_vanishes_before_the_start(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan=SHORT)
    stage.world.images.pop(rollout.to_image)
    done = stage.until(rollout)
    assert done.cause is not None
    assert (done.state, done.cause.code) == (State.ABORTED, "image_missing")
    assert is_on_stable(stage)


@pytest.mark.parametrize(
    ("version", "codes"), [("1.4.0", {"never_healthy"}), ("1.5.0", {"crash_loop", "container_died"})]
)
def test_a_version_that_is_never_healthy_or_crashes(stage: PortalStage, version: str, codes: set[str]) -> None:
    done = stage.until(stage.start(version, plan=SHORT))
    assert done.state is State.ABORTED
    assert done.cause is not None
    assert done.cause.code in codes
    assert is_on_stable(stage)


def test_all_canary_containers_killed_in_the_middle(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan=SHORT)
    while stage.now(rollout).percent < 50:
        stage.pass_seconds(0.25)
    for container in stage.containers.list():
        if container.labels[LABEL_VERSION] == "1.1.0":
            stage.world.kill(container.name)
    done = stage.until(rollout)
    assert done.state is State.ABORTED
    assert done.cause is not None
    assert done.cause.code in ("container_died", "health_lost")
    assert is_on_stable(stage)


def test_out_of_memory(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan=SHORT)
    stage.until(rollout, State.OBSERVING)
    victim = next(c for c in stage.containers.list() if c.labels[LABEL_VERSION] == "1.1.0")
    stage.world.exhaust_memory(victim.name)
    done = stage.until(rollout)
    assert done.cause is not None
    assert done.cause.code == "out_of_memory"
    assert is_on_stable(stage)


def test_an_engine_that_is_gone_for_a_while_only_delays(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan=SHORT)
    stage.world.cut_engine()
    stage.pass_seconds(5)
    assert stage.now(rollout).state is State.PREPARING
    stage.world.restore_engine()
    assert stage.until(rollout).state is State.SUCCEEDED


def test_an_engine_that_stays_away_ends_the_rollout(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan=SHORT)
    stage.world.cut_engine()
    stage.pass_seconds(30)
    stage.world.restore_engine()
    done = stage.until(rollout)
    assert done.cause is not None
    assert (done.state, done.cause.code) == (State.ABORTED, "engine_unreachable")
    assert is_on_stable(stage)


def test_a_full_disk_ends_the_rollout(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan=SHORT)
    stage.world.fill_disk()
    stage.pass_seconds(30)
    stage.world.free_disk()
    done = stage.until(rollout)
    assert done.state is State.ABORTED
    assert is_on_stable(stage)


def test_a_proxy_that_is_gone_never_gets_more_canary_and_an_abort_takes_effect_when_it_is_back(
    stage: PortalStage,
) -> None:
    rollout = stage.start("1.1.0", plan=SHORT)
    stage.until(rollout, State.OBSERVING)
    stage.traffic.kill()
    stage.pass_seconds(20)
    assert stage.now(rollout).percent == 10
    stage.act(rollout, Action.ABORT, DAVE)
    stage.pass_seconds(2)
    stage.traffic.revive()
    assert stage.until(rollout).state is State.ABORTED
    assert is_on_stable(stage)


def test_a_stable_version_that_is_down_too_halts_for_a_person(stage: PortalStage) -> None:
    rollout = stage.start("1.2.0", plan=SHORT)
    stage.until(rollout, State.OBSERVING)
    for container in stage.containers.list():
        if container.labels[LABEL_VERSION] == "1.0.0":
            stage.world.kill(container.name)
    halted = stage.until(rollout, State.HALTED)
    assert halted.cause is not None
    assert halted.cause.code == "stable_unhealthy"
    # When the portal has started the old version again and Dave aborts
    assert stage.core.keeper.look() == 3
    stage.act(rollout, Action.ABORT, DAVE)
    assert stage.until(rollout).state is State.ABORTED
    assert is_on_stable(stage)
