"""The whole main job over REST: a release is made, rolled out, watched, approved, and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Client

from portal.domain.rollout import State
from tests.api.conftest import Asking
from tests.stage import CANARY, PortalStage


def until(stage: PortalStage, rollout_id: int, *states: str, seconds: int = 120) -> dict[str, Any]:
    """Time goes by until the rollout, as the API shows it, is in one of the states."""
    from portal.domain.access import SYSTEM

    rollout = stage.core.rollouts.rollout(SYSTEM, rollout_id)
    found = stage.until(rollout, *(State(state) for state in states), seconds=seconds)
    assert found.state in states, found
    return {"id": found.id, "state": str(found.state)}


def act(client: Client, rollout_id: int, action: str, **more: str) -> Any:
    body = {"action": action, "reason": "the figures say so", **more}
    return client.post(f"/rollouts/{rollout_id}/actions", json=body)


def test_a_release_goes_out_and_comes_back(asking: Asking, stage: PortalStage):
    alice, bob, carol = asking("alice"), asking("bob"), asking("carol")

    made = bob.post("/releases", json={"service": "hello", "version": "3.0.0", "image": "hello:1.1.0", "notes": "New."})
    assert made.status_code == 201
    assert made.json()["image"].startswith("sha256:")
    assert carol.get("/releases/hello/3.0.0").json() == made.json()

    order = {"service": "hello", "environment": "prod", "version": "3.0.0", "plan": CANARY, "reason": "faster search"}
    preview = bob.post("/rollouts/preview", json=order).json()
    assert preview["refusal"] is None
    assert preview["from_version"] == "1.0.0"
    assert [step["percent"] for step in preview["steps"] if step["kind"] == "shift"] == [10, 50, 100]

    started = bob.post("/rollouts", json=order).json()
    number = started["id"]
    assert (started["state"], started["requested_by"], started["is_over"]) == ("queued", "bob", False)
    again = bob.post("/rollouts", json=order)
    assert (again.status_code, again.json()["code"]) == (409, "rollout_running")

    until(stage, number, "awaiting_approval")
    view = bob.get(f"/rollouts/{number}/view").json()
    assert view["rollout"]["percent"] == view["live_percent"] == 10
    assert view["verdict"]["canary_requests"] > 0
    assert view["verdict"]["text"]
    points = carol.get(f"/rollouts/{number}/points").json()
    assert sum(point["canary_requests"] for point in points) > 0

    own = act(bob, number, "approve", evidence_hash=view["evidence_hash"])
    assert (own.status_code, own.json()["code"]) == (403, "not_allowed")
    unseen = act(alice, number, "approve", evidence_hash="something else")
    assert (unseen.status_code, unseen.json()["code"]) == (409, "evidence_changed")
    assert act(alice, number, "approve", evidence_hash=view["evidence_hash"]).status_code == 200

    until(stage, number, "baking")
    cell = next(cell for cell in carol.get("/matrix").json() if cell["environment"] == "prod")
    assert (cell["version"], cell["health"], cell["percent"]) == ("3.0.0", "ok", 100)
    places = carol.get("/releases/hello/3.0.0/deployments").json()
    assert [place["environment"] for place in places] == ["prod"]

    back = {"service": "hello", "environment": "prod", "version": "1.0.0", "reason": "wrong prices"}
    assert bob.post("/rollbacks", json=back).json()["code"] == "not_allowed"
    returned = alice.post("/rollbacks", json=back).json()
    assert returned["is_return"]
    until(stage, returned["id"], "succeeded", "baking")
    history = carol.get("/deployments/hello/prod/history").json()
    assert [past["to_version"] for past in history][:2] == ["1.0.0", "3.0.0"]

    trail = alice.get("/audit", params={"target": str(number)}).json()["items"]
    assert {"rollout.started", "rollout.approve", "rollout.promoted"} <= {entry["action"] for entry in trail}
    assert all(entry["text"] for entry in trail)
    report = alice.get("/audit/verification").json()
    assert (report["is_intact"], report["code"]) == (True, "intact")


def test_a_rollout_is_stopped_and_the_reason_is_kept(asking: Asking, stage: PortalStage):
    plan = {"strategy": "canary", "steps": [{"weight": 5}, {"pause": None}]}
    order = {"service": "hello", "environment": "prod", "version": "1.3.0", "plan": plan, "reason": "try it"}
    number = asking("bob").post("/rollouts", json=order).json()["id"]
    until(stage, number, "paused")
    senseless = act(asking("alice", language="zh"), number, "finish")
    assert (senseless.status_code, senseless.json()["code"]) == (409, "action_senseless")
    assert "已暂停" in senseless.json()["detail"] or "暂停" in senseless.json()["detail"]
    key = {"Idempotency-Key": "stop-it"}
    body = {"action": "abort", "reason": "second thoughts"}
    for _ in range(2):
        assert asking("bob").post(f"/rollouts/{number}/actions", json=body, headers=key).status_code == 200
    until(stage, number, "aborted")
    shown = asking("carol").get(f"/rollouts/{number}").json()
    assert (shown["state"], shown["is_over"], shown["percent"]) == ("aborted", True, 0)
    aborts = asking("alice").get("/audit", params={"action": "rollout.abort", "target": str(number)}).json()
    assert [entry["reason"] for entry in aborts["items"]] == ["second thoughts"]


def test_glass_is_broken_by_those_who_may(asking: Asking, stage: PortalStage):
    order = {"service": "hello", "environment": "staging", "version": "1.1.0", "reason": "try it"}
    number = asking("bob").post("/rollouts", json=order).json()["id"]
    body = {"reason": "the shop is down"}
    assert asking("bob").post(f"/rollouts/{number}/break-glass", json=body).json()["code"] == "not_allowed"
    key = {"Idempotency-Key": "glass"}
    for name in ("alice", "dave"):
        assert asking(name).post(f"/rollouts/{number}/break-glass", json=body, headers=key).status_code == 200
    assert asking("carol").get(f"/rollouts/{number}/view").json()["break_glass_by"] == ["alice", "dave"]


def test_services_and_environments_are_changed_and_read_back(asking: Asking):
    alice, erin = asking("alice"), asking("erin")
    service = {"repository": "registry.example/shop", "hosts": ["shop.example"], "limits": {"cpu_cores": 2}}
    saved = alice.put("/services/shop", json=service, params={"reason": "a new one"}).json()
    assert (saved["name"], saved["hosts"], saved["limits"]["cpu_cores"]) == ("shop", ["shop.example"], 2)
    assert alice.get("/services/shop").json() == saved
    assert "shop" in [one["name"] for one in alice.get("/services").json()]
    body = {name: value for name, value in saved.items() if name not in ("name", "is_archived")}
    assert alice.put("/services/shop", json=body).json() == saved

    environment = {"stage": "custom", "position": 9, "replicas": 1, "protection": {"approvals": 2}}
    made = erin.put("/environments/lab", json=environment).json()
    assert (made["name"], made["protection"]["approvals"]) == ("lab", 2)
    assert erin.get("/environments").json()[-1] == made == erin.get("/environments/lab").json()
    bad = erin.put("/environments/lab", json={**environment, "plan": "strategy: hope"})
    assert (bad.status_code, bad.json()["code"]) == (422, "plan_strategy_bad")


def test_a_freeze_window_keeps_its_times(asking: Asking):
    times = {"starts_at": "2026-12-24T00:00:00+01:00", "ends_at": "2026-12-27T00:00:00+01:00"}
    added = asking("alice").post("/freezes", json={"name": "holidays", "zone": "Europe/Berlin", **times})
    assert added.status_code == 201
    listed = asking("carol").get("/freezes").json()
    assert listed == [added.json()]
    assert (listed[0]["environment"], listed[0]["zone"]) == ("*", "Europe/Berlin")
    naive = asking("alice").post("/freezes", json={"name": "x", "starts_at": "2026-12-24T00:00:00"}).json()
    assert (naive["code"], naive["field"]) == ("request_field_bad", "starts_at")
    assert asking("alice").delete(f"/freezes/{listed[0]['id']}").status_code == 204


@pytest.mark.parametrize("plan", [CANARY, {"strategy": "rolling", "batch": 2}])
def test_a_plan_is_checked_without_starting_anything(asking: Asking, plan: object):
    checked = asking("carol").post("/plans/check", json={"plan": plan}).json()["plan"]
    assert asking("carol").post("/plans/check", json={"plan": checked}).json()["plan"] == checked
    assert asking("carol").get("/plans/schema").json()["title"] == "Rollout plan"


def test_users_come_and_go(asking: Asking):
    erin = asking("erin")
    order = {
        "name": "ivan",
        "password": "a kettle full of water",
        "grants": [{"role": "developer", "environment": "dev"}],
    }
    made = erin.post("/users", json=order).json()
    assert made["grants"] == [{"role": "developer", "environment": "dev"}]
    changed = erin.put("/users/ivan/grants", json={"grants": [{"role": "viewer"}]}).json()
    assert changed["grants"] == [{"role": "viewer", "environment": "*"}]
    token = erin.post("/tokens", json={"name": "for ivan", "user": "ivan"}).json()["secret"]
    assert asking(token).get("/me").json()["person"] == "ivan"
    assert erin.put("/users/ivan/disabled").json()["is_disabled"]
    assert asking(token).get("/me").status_code == 401
    assert not erin.delete("/users/ivan/disabled").json()["is_disabled"]
    assert erin.put("/users/ivan/password", json={"password": "short"}).json()["code"] == "password_too_short"
    assert erin.put("/users/ivan/password", json={"password": "a pot full of coffee"}).status_code == 204
    assert "ivan" in [user["name"] for user in erin.get("/users").json()["items"]]
    assert erin.put("/users/erin/disabled").json()["code"] == "last_administrator"


def test_the_trail_is_exported_line_by_line(asking: Asking):
    import json

    with asking("erin").stream("GET", "/audit/export") as answer:
        entries = [json.loads(line) for line in answer.iter_lines()]
    numbers = [entry["sequence"] for entry in entries if "sequence" in entry]
    assert numbers == list(range(1, len(numbers) + 1))
    assert entries[len(numbers) - 1]["action"] == "audit.exported"
