"""What one was told, channels, saved views, and several approvals at once, from a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.domain.access import SYSTEM
from portal.domain.rollout import Action, State
from portal.services.rollouts import RolloutOrder
from tests.cli.conftest import Portal
from tests.stage import PortalStage


@pytest.fixture
def told(stage: PortalStage) -> None:
    """Carol is mentioned by somebody who starts a rollout and thinks better of it."""
    rollout = stage.start("1.1.0", reason="@carol please look")
    stage.act(rollout, Action.ABORT)
    stage.until(rollout)


def test_carol_reads_what_she_was_told(portal: Portal, told: None) -> None:
    listed = portal("notification", "list", "--unread", by="carol")
    assert (listed.code, listed.err) == (0, "")
    assert "please look" in listed.out
    assert "ago" in listed.out
    number = portal("notification", "list", "--json", by="carol").json[0]["id"]
    assert portal("notification", "read", str(number), by="carol").code == 0
    assert portal("notification", "read", by="carol").code == 0
    assert portal("notification", "list", "--unread", "--json", by="carol").json == []
    assert "没有通知" in portal("notification", "list", "--unread", "--lang", "zh", by="carol").out


def test_carol_says_how_she_likes_to_be_told(portal: Portal) -> None:
    wanted = ("--set", "mention=bell,email", "--address", "c@example.org")
    changed = portal("notification", "settings", *wanted, by="carol")
    assert (changed.code, changed.err) == (0, "")
    kept = portal("notification", "settings", "--json", by="carol").json
    assert (kept["address"], kept["ways"]["mention"]) == ("c@example.org", ["bell", "email"])
    assert portal("notification", "settings", "--set", "mention=", "--json", by="carol").json["ways"]["mention"] == []
    wrong = portal("notification", "settings", "--set", "mention=pigeon", by="carol")
    assert wrong.code == 2
    assert "pigeon" in wrong.err


def test_an_administrator_keeps_channels_and_nobody_else(portal: Portal, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret between two machines\n")
    order = ("channel", "create", "team", "webhook", "https://hooks.example.org/x", "--event", "rollout_stopped")
    assert portal(*order, by="alice").code == 3
    made = portal(*order, "--secret-file", str(secret), "--json", by="erin").json
    assert (made["events"], made["has_secret"]) == (["rollout_stopped"], True)
    assert "hooks.example.org" in portal("channel", "list", by="erin").out
    assert portal("channel", "deliveries", by="erin").code == 0
    assert portal("channel", "remove", str(made["id"]), by="erin").code == 0
    assert portal("channel", "test", str(made["id"]), by="erin").code == 4


def test_bob_saves_a_view_and_shares_it(portal: Portal) -> None:
    saved = portal("view", "save", "rollouts", "In prod", "environment=prod", "--shared", "--json", by="bob").json
    assert "environment=prod" in portal("view", "list", "rollouts", by="carol").out
    assert portal("view", "remove", str(saved["id"]), by="carol").code == 4
    assert portal("view", "remove", str(saved["id"]), by="bob").code == 0


def test_several_are_approved_each_by_itself(portal: Portal, stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.AWAITING_APPROVAL)
    over = stage.core.rollouts.start(SYSTEM, RolloutOrder("hello", "dev", "1.1.0", "try it"))
    stage.until(over)
    done = portal("approval", "approve", str(rollout.id), str(over.id), "-m", "fine", "--json", by="alice")
    assert done.code == 3
    assert [(one["id"], one["is_done"]) for one in done.json] == [(rollout.id, True), (over.id, False)]
    assert done.json[1]["text"]
    assert portal("approval", "approve", "99999", "-m", "fine", "--yes", by="alice").code == 4
    stage.act(rollout, Action.ABORT)
    stage.until(rollout)
