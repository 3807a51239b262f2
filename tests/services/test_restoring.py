"""What should run is started again, but never behind the back of a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from portal.domain.container import Container
from tests.stage import PortalStage


def test_a_rollout_that_begins_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = PortalStage(tmp_path).furnish()
    stage.world.kill(stage.containers.list()[0].name)
    look = stage.containers.list

    def look_while_bob_starts(labels: Mapping[str, str] | None = None) -> tuple[Container, ...]:
        found = look(labels)
        stage.start("1.1.0")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(stage.containers, "list", look_while_bob_starts)
        assert stage.core.deployments.restore() == 0


def test_a_container_that_died_is_started_again(tmp_path: Path) -> None:
    stage = PortalStage(tmp_path).furnish()
    stage.world.kill(stage.containers.list()[0].name)
    assert stage.core.deployments.restore() == 1
    assert sum(c.is_running for c in stage.containers.list()) == 3
