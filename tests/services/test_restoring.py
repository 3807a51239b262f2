"""What should run is started again, but never behind the back of a rollout."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.domain.engine import ContainerDetails
from tests.stage import PortalStage


def test_a_rollout_that_begins_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = PortalStage(tmp_path).furnish()
    stage.world.kill(stage.containers.list()[0].name)
    look = stage.containers.census

    def look_while_bob_starts() -> tuple[ContainerDetails, ...]:
        found = look()
        stage.start("1.1.0")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(stage.containers, "census", look_while_bob_starts)
        assert stage.core.keeper.look() == 0


def test_a_container_that_died_is_started_again(tmp_path: Path) -> None:
    stage = PortalStage(tmp_path).furnish()
    stage.world.kill(stage.containers.list()[0].name)
    assert stage.core.keeper.look() == 1
    assert sum(c.is_running for c in stage.containers.list()) == 3
