"""What should serve comes back; where that does not help, it is tried ever more slowly, then help is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry, AuditQuery
from portal.domain.container import Limits
from portal.domain.container_view import ContainerAction
from portal.domain.errors import Unavailable
from portal.domain.healing import HealingMode
from portal.domain.identity import NewUser
from portal.domain.notification import NotificationEvent
from portal.domain.rollout import State
from tests.services.test_drift import names, work_on_jobs
from tests.stage import DAVE, PortalStage

pytestmark = pytest.mark.req("REQ-P3-012")


@pytest.fixture
def stage(tmp_path: Path) -> PortalStage:
    made = PortalStage(tmp_path).furnish()
    made.pass_seconds(1)
    made.core.keeper.look()
    return made


def entries(stage: PortalStage, action: str) -> list[AuditEntry]:
    return list(stage.core.audit.page(SYSTEM, AuditQuery(action=action)).items)


def keep(stage: PortalStage, seconds: float) -> None:
    """Time goes by, and everything is looked after once a second."""
    for _ in range(round(seconds)):
        stage.pass_seconds(1)
        stage.core.keeper.look()
        work_on_jobs(stage)


def up(stage: PortalStage) -> int:
    return sum(server.state == "up" for server in stage.traffic.observe().servers)


def test_a_killed_container_comes_back_and_the_trail_says_how_long_it_took(stage: PortalStage) -> None:
    stage.world.kill(names(stage)[0])
    keep(stage, 4)
    assert up(stage) == 3
    (entry,) = entries(stage, "container.healed")
    assert (entry.params["cause"], entry.environment, entry.actor) == ("died", "prod", SYSTEM.name)
    assert float(entry.params["seconds"]) <= 3


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (lambda s, n: s.containers.remove(n), "missing"),
        (lambda s, n: s.world.exhaust_memory(n), "out_of_memory"),
        (lambda s, n: s.world.tamper(n, is_paused=True), "paused"),
        (lambda s, n: s.world.tamper(n, network=""), "network_lost"),
        (lambda s, n: s.world.tamper(n, image=s.containers.image("hello:1.1.0")), "foreign"),
    ],
)
def test_what_keeps_it_from_serving_is_put_right(
    stage: PortalStage, fault: Callable[[PortalStage, str], None], cause: str
) -> None:
    fault(stage, names(stage)[0])
    keep(stage, 5)
    assert up(stage) == 3
    assert stage.running() == {"1.0.0"}
    assert [entry.params["cause"] for entry in entries(stage, "container.healed")] == [cause]


def test_a_hung_container_is_restarted(stage: PortalStage, monkeypatch: pytest.MonkeyPatch) -> None:
    name = names(stage)[0]
    stage.world.alter(name, is_never_healthy=True)
    keep(stage, 3)
    assert entries(stage, "container.healed") == []
    restart = stage.containers.restart

    def restart_well(which: str, *, grace_seconds: int = 10) -> None:
        restart(which, grace_seconds=grace_seconds)
        stage.world.alter(which, is_never_healthy=False)

    monkeypatch.setattr(stage.containers, "restart", restart_well)
    keep(stage, 5)
    assert [entry.params["cause"] for entry in entries(stage, "container.healed")] == ["hung"]
    assert up(stage) == 3


def test_a_container_that_somebody_stopped_on_purpose_stays_stopped(stage: PortalStage) -> None:
    stage.core.fleet.act(DAVE, names(stage)[0], ContainerAction.STOP, reason="on purpose")
    keep(stage, 4)
    assert up(stage) == 2


def test_where_it_is_switched_off_nothing_is_done_without_asking(stage: PortalStage) -> None:
    stage.core.drift.set_mode(DAVE, "prod", HealingMode.OFF, reason="we look ourselves")
    stage.world.kill(names(stage)[0])
    keep(stage, 4)
    assert up(stage) == 2


def test_where_it_is_exact_changes_by_hand_are_taken_back_too(stage: PortalStage) -> None:
    stage.world.tamper(names(stage)[0], limits=Limits(pids=5))
    keep(stage, 3)
    assert any(c.spec.limits.pids == 5 for c in stage.world.containers.values())
    stage.core.drift.set_mode(DAVE, "prod", HealingMode.EXACT, reason="as declared")
    keep(stage, 4)
    assert all(c.spec.limits.pids == 256 for c in stage.world.containers.values())
    assert [entry.params["cause"] for entry in entries(stage, "container.healed")] == ["changed"]
    assert up(stage) == 3


def test_while_a_rollout_keeps_the_old_version_warm_both_versions_are_looked_after(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan="strategy: blue_green\nbake: 1h\n")
    stage.until(rollout, State.BAKING)
    for version in ("1.0.0", "1.1.0"):
        for name in [name for name in names(stage) if version in name][1:]:
            stage.world.kill(name)
    keep(stage, 5)
    assert stage.now(rollout).state is State.BAKING
    assert up(stage) == 6


def break_version(stage: PortalStage, version: str) -> None:
    """From now on every container of it dies a second after its start."""
    image = stage.containers.image(f"hello:{version}")
    broken = replace(stage.world.behaviours[image.id], crash_after_seconds=1.0)
    stage.world.behaviours[image.id] = broken
    for container in stage.world.containers.values():
        if container.image.id == image.id:
            stage.world.alter(container.name, crash_after_seconds=1.0)
            container.started_at = stage.clock.now()


def test_a_storm_of_restarts_after_a_change_is_answered_by_taking_the_change_back(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan="strategy: rolling\n")
    assert stage.until(rollout, State.SUCCEEDED).state is State.SUCCEEDED
    keep(stage, 60)
    break_version(stage, "1.1.0")
    keep(stage, 120)
    (entry,) = entries(stage, "rollout.healed")
    assert (entry.params["version"], entry.params["to"]) == ("1.1.0", "1.0.0")
    keep(stage, 20)
    assert stage.deployed() == "1.0.0"
    assert up(stage) == 3


def test_while_it_bakes_the_way_back_is_the_warm_one(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0", plan="strategy: blue_green\nbake: 1h\n")
    stage.until(rollout, State.BAKING)
    break_version(stage, "1.1.0")
    keep(stage, 120)
    assert stage.now(rollout).state is State.ABORTED
    assert stage.deployed() == "1.0.0"


def test_a_storm_without_a_change_to_blame_is_told_to_people_once(stage: PortalStage) -> None:
    dave = NewUser("dave", "a long walk on the beach", DAVE.grants)
    stage.core.identity.create_user(SYSTEM, dave)
    stage.clock.move(86_400)
    stage.core.keeper.look()
    break_version(stage, "1.0.0")
    keep(stage, 200)
    assert len(entries(stage, "container.not_healed")) == 1
    assert [told.event for told in stage.core.notifications.page(DAVE).items] == [NotificationEvent.NOT_HEALED]
    assert entries(stage, "rollout.healed") == []
    attempts = max(int(entry.params["attempts"]) for entry in entries(stage, "container.not_healed"))
    assert attempts <= 8


def test_an_engine_that_was_away_is_said_to_be_back(stage: PortalStage) -> None:
    stage.world.cut_engine()
    with pytest.raises(Unavailable):
        stage.core.keeper.look()
    stage.clock.move(10)
    stage.world.restore_engine()
    stage.core.keeper.look()
    assert [entry.params["seconds"] for entry in entries(stage, "engine.healed")] == ["10.0"]
