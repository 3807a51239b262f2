"""Containers from a terminal."""

from __future__ import annotations

from tests.cli.conftest import Portal
from tests.stage import PortalStage


def first(portal: Portal) -> str:
    return portal("container", "list", "--json", by="carol").json[0]["name"]


def test_containers_are_listed_and_shown(portal: Portal, stage: PortalStage) -> None:
    listed = portal("container", "list", "--service", "hello", by="carol").out
    assert "running" in listed
    name = first(portal)
    shown = portal("container", "show", name, by="carol").out
    assert name in shown
    assert "hello:1.0.0" in shown


def test_the_log_is_printed(portal: Portal, stage: PortalStage) -> None:
    assert "listening" in portal("container", "logs", first(portal), by="carol").out


def test_dave_stops_and_starts_one_and_carol_does_not(portal: Portal, stage: PortalStage) -> None:
    name = first(portal)
    stopped = portal("container", "stop", name, "-m", "look", by="dave")
    assert (stopped.code, stopped.err) == (0, "")
    assert "stays so" in stopped.out
    assert portal("container", "start", name, "-m", "done", by="dave").code == 0
    assert portal("container", "restart", name, "-m", "fun", by="carol").code == 3


def test_a_command_inside_ends_with_its_own_status(portal: Portal, stage: PortalStage) -> None:
    name = first(portal)
    assert portal("container", "exec", name, "-m", "look", "--", "true", by="dave").code in (3, 6)
    stage.core.fleet.lets_execute = True
    try:
        done = portal("container", "exec", name, "-m", "look", "--", "sh", "-c", "echo -n hi", by="dave")
        assert (done.code, done.out) == (0, "-n hi\n")
        assert portal("container", "exec", name, "-m", "look", "--", "sh", "-c", "exit 7", by="dave").code == 7
    finally:
        stage.core.fleet.lets_execute = False
