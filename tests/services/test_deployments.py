"""What should run is brought back, and what should rest rests."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.adapters.memory.containers import MemoryContainers
from portal.domain.errors import Refused
from portal.domain.rollout import State
from tests.stage import ALICE, PortalStage


def test_containers_that_died_are_started_again_where_no_rollout_is_at_work(tmp_path: Path) -> None:
    stage = PortalStage(tmp_path).furnish()
    for container in stage.containers.list():
        stage.world.kill(container.name)
    assert stage.core.keeper.look() == 3
    assert stage.running() == {"1.0.0"}
    assert stage.core.keeper.look() == 0


def test_a_container_removed_by_hand_is_made_again_at_its_address(tmp_path: Path) -> None:
    stage = PortalStage(tmp_path).furnish()
    before = {c.name: c.address for c in stage.containers.list()}
    stage.containers.remove(next(iter(before)))
    assert stage.core.keeper.look() == 1
    assert {c.name: c.address for c in stage.containers.list()} == before


def test_a_container_that_never_starts_again_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = PortalStage(tmp_path).furnish()
    stage.core.deployments.rest()
    stale = {c.id for c in stage.containers.list()}
    start = MemoryContainers.start

    def refuse_stale(containers: MemoryContainers, name: str) -> None:
        if containers.inspect(name).id in stale:
            raise Refused("container_start_failed", name=name, reason="network 0a1b2c not found")
        start(containers, name)

    monkeypatch.setattr(MemoryContainers, "start", refuse_stale)
    assert stage.core.keeper.look() == 3
    assert not stale & {c.id for c in stage.containers.list()}


def test_while_a_rollout_is_at_work_nothing_is_restored_behind_its_back(tmp_path: Path) -> None:
    stage = PortalStage(tmp_path).furnish()
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    stage.world.kill(next(c.name for c in stage.containers.list() if c.labels["codexfather.version"] == "1.0.0"))
    assert stage.core.keeper.look() == 0


def test_the_matrix_tells_health_by_what_the_proxy_sees(tmp_path: Path) -> None:
    stage = PortalStage(tmp_path).furnish()
    cell = next(c for c in stage.core.deployments.matrix(ALICE) if c.environment == "prod")
    assert (cell.version, cell.health, cell.replicas_up) == ("1.0.0", "ok", 3)
    stage.core.deployments.rest()
    assert not any(c.is_running for c in stage.containers.list())
    cell = next(c for c in stage.core.deployments.matrix(ALICE) if c.environment == "prod")
    assert (cell.health, cell.replicas_up) == ("failing", 0)


def test_where_a_rollout_has_halted_all_is_not_well_though_every_server_is_up_again(tmp_path: Path) -> None:
    stage = PortalStage(tmp_path).furnish()
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    for container in stage.containers.list():
        stage.world.kill(container.name)
    assert stage.until(rollout, State.HALTED).state is State.HALTED
    stage.core.keeper.look()
    stage.pass_seconds(5)
    cell = next(cell for cell in stage.core.deployments.matrix(ALICE) if cell.environment == "prod")
    assert (cell.replicas_up, cell.replicas) == (3, 3)
    assert (cell.rollout_state, cell.health) == (State.HALTED, "degraded")
