"""The whole main job from a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.domain.access import SYSTEM
from portal.domain.rollout import State
from portal.i18n import t
from tests.cli.conftest import Portal
from tests.stage import CANARY, PortalStage


@pytest.fixture
def plan(tmp_path: Path) -> str:
    file = tmp_path / "plan.yaml"
    file.write_text(CANARY)
    return str(file)


def test_a_release_goes_out_by_hand_and_comes_back(portal: Portal, stage: PortalStage, plan: str):
    made = portal("release", "create", "hello", "3.0.0", "hello:1.1.0", "--notes", "New.", by="bob")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("Release hello 3.0.0 is bound to sha256:")

    preview = portal("rollout", "preview", "hello", "prod", "3.0.0", "--plan", plan, by="bob")
    assert preview.code == 0
    assert ["Shift", "10", "%"] in [line.split()[1:] for line in preview.out.splitlines()]

    started = portal("rollout", "start", "hello", "prod", "3.0.0", "-m", "search", "-p", plan, "--json", by="bob").json
    number = str(started["id"])
    stage.until(stage.core.rollouts.rollout(SYSTEM, started["id"]), State.AWAITING_APPROVAL)

    shown = portal("rollout", "show", number, by="carol").out
    assert t("en", "state.awaiting_approval") in shown
    assert "errors" in shown
    refused = portal("rollout", "approve", number, "-m", "mine", "--yes", by="bob")
    assert (refused.code, refused.out) == (3, "")
    approved = portal("rollout", "approve", number, "-m", "the same", "--yes", by="alice")
    assert approved.code == 0, approved.err

    stage.until(stage.core.rollouts.rollout(SYSTEM, started["id"]), State.BAKING)
    rows = portal("status", "--json", by="carol").json
    assert [row["version"] for row in rows if row["environment"] == "prod"] == ["3.0.0"]

    back = portal("rollback", "hello", "prod", "-m", "wrong prices", "--json", by="alice").json
    assert (back["to_version"], back["is_return"]) == ("1.0.0", True)
    stage.until(stage.core.rollouts.rollout(SYSTEM, back["id"]), State.BAKING)
    trail = portal("audit", "list", "--target", number, by="alice").out
    assert "alice" in trail
    assert "the same" in trail


@pytest.mark.usefixtures("flying_time")
def test_a_rollout_is_followed_until_it_serves_everybody(portal: Portal, tmp_path: Path):
    file = tmp_path / "plan.yaml"
    file.write_text("strategy: rolling\n")
    order = ("hello", "prod", "1.1.0", "-m", "try it", "-p", str(file))
    watched = portal("rollout", "start", *order, "--watch", by="bob")
    assert watched.code == 0
    assert "100 %" in watched.out


@pytest.mark.usefixtures("flying_time")
def test_following_a_rollout_that_goes_back_ends_with_one(portal: Portal, tmp_path: Path):
    file = tmp_path / "plan.yaml"
    file.write_text("strategy: canary\nsteps: [{weight: 20}, {observe: 5m}]\n")
    order = ("hello", "prod", "1.2.0", "-m", "five in a hundred fail", "-p", str(file))
    watched = portal("rollout", "start", *order, "--watch", by="bob")
    assert watched.code == 1
    assert "fails more often" in watched.out


def test_an_approval_shows_the_evidence_and_asks(portal: Portal, stage: PortalStage, monkeypatch: pytest.MonkeyPatch):
    import click

    plan = {"strategy": "canary", "steps": [{"weight": 5}, {"approval": 1}]}
    rollout = stage.start("1.3.0", plan=plan)
    stage.until(rollout, State.AWAITING_APPROVAL)
    asked: list[str] = []

    def say_no(question: str, **_: object) -> None:
        asked.append(question)
        raise click.Abort

    monkeypatch.setattr(click, "confirm", say_no)
    answer = portal("rollout", "approve", str(rollout.id), "-m", "fine", by="alice")
    assert asked == ["Approve 1.3.0 on this evidence?"]
    assert t("en", "state.awaiting_approval") in answer.out
    assert answer.code == 130
    assert not stage.view(rollout).approvals
    stale = portal("rollout", "approve", str(rollout.id), "-m", "fine", "--evidence", "0" * 64, by="alice")
    assert stale.code == 5
    assert portal("rollout", "abort", str(rollout.id), "-m", "enough", by="bob").code == 0
    stage.until(rollout, State.ABORTED)


def test_services_environments_and_freezes_are_kept(portal: Portal, tmp_path: Path):
    file = tmp_path / "shop.yaml"
    file.write_text("repository: registry.example/shop\nhosts: [shop.example]\n")
    saved = portal("service", "save", "shop", "-f", str(file), "--set", "port=9000", "-m", "a new one", by="alice")
    assert (saved.code, saved.out) == (0, "shop is saved.\n")
    changed = portal("service", "save", "shop", "--set", "limits.cpu_cores=2", by="alice")
    assert changed.code == 0, changed.err
    shop = portal("service", "show", "shop", "--json", by="carol").json
    assert (shop["port"], shop["hosts"], shop["limits"]["cpu_cores"]) == (9000, ["shop.example"], 2)
    assert "shop.example" in portal("service", "list", by="carol").out

    made = portal("environment", "save", "lab", "--set", "stage=custom", "--set", "protection.approvals=2", by="erin")
    assert made.code == 0
    assert ["Approvals", "2"] in [
        line.split() for line in portal("environment", "show", "lab", by="carol").out.splitlines()
    ]
    assert "lab" in portal("environment", "list", by="carol").out

    window = ("--from", "22:00", "--to", "06:00", "--days", "fri,sat", "--zone", "Asia/Shanghai")
    added = portal("environment", "freeze", "add", "weekend", "-e", "lab", *window, "--json", by="alice").json
    assert (added["days"], added["environment"]) == (["fri", "sat"], "lab")
    assert "weekend" in portal("environment", "freeze", "list", by="carol").out
    assert portal("environment", "freeze", "remove", str(added["id"]), by="alice").code == 0
    assert portal("environment", "freeze", "list", by="carol").out == "There are no freeze windows.\n"


def test_releases_are_listed_with_those_beyond_one_page(portal: Portal):
    listed = portal("release", "list", "hello", "--limit", "3", "--json", by="carol").json
    assert len(listed) == 3
    assert "1.0.0" in portal("release", "list", "hello", by="carol").out
    rows = portal("status", "--json", by="carol").json
    version = next(row["version"] for row in rows if row["environment"] == "prod")
    shown = portal("release", "show", "hello", version, "--json", by="carol").json
    assert shown["running_in"] == ["prod"]


def test_the_trail_is_exported_into_a_file_and_verified(portal: Portal, tmp_path: Path):
    file = tmp_path / "audit.jsonl"
    assert portal("audit", "export", str(file), by="erin").code == 0
    assert '"action":"audit.exported"' in file.read_text()
    assert portal("audit", "verify", "--remote", by="erin").code == 0
    table = tmp_path / "audit.csv"
    assert (
        portal("audit", "export", str(table), "--form", "csv", "--action", "audit", "--lang", "zh", by="erin").code == 0
    )
    assert "导出了审计日志" in table.read_text("utf-8")
    assert portal("audit", "show", "1", "--json", by="erin").json["proof"]["is_unchanged"]


def test_everything_is_searched_at_once(portal: Portal):
    found = portal("search", "hello", "1.2.0", "--json", by="bob").json
    assert (found[0]["kind"], found[0]["title"]) == ("release", "hello 1.2.0")
    assert "Nothing is called that" in portal("search", "zzzz", by="bob").out


def test_a_service_is_scaled_by_hand_and_by_a_policy(portal: Portal, stage: PortalStage):
    order = ("--replicas", "2", "--memory", "128M", "-m", "fewer people")
    assert "hello" in portal("scale", "hello", "prod", *order, by="alice").out
    stage.do_jobs()
    wrong = portal("scale", "hello", "prod", "--memory", "much", "-m", "more", by="alice")
    assert (wrong.code, portal("scale", "hello", "prod", "--replicas", "3", "-m", "x", by="bob").code) == (2, 3)
    portal("scaling", "policy", "hello", "prod", "--on", "--most", "4", "-m", "evenings", by="alice")
    shown = portal("scaling", "show", "hello", "prod", "--json", by="carol").json
    assert (shown["replicas"], shown["memory_bytes"]) == (2, 128 << 20)
    assert (shown["policy"]["is_on"], shown["policy"]["most"]) == (True, 4)
    assert t("en", "scaling.by_hand") in portal("scaling", "show", "hello", "prod", by="carol").out
