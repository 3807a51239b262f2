"""Paging, numbers of requests, and doing a thing once."""

from __future__ import annotations

import logging
import re

import pytest

from tests.api.conftest import Asking
from tests.stage import PortalStage


def links(header: str) -> dict[str, str]:
    return {name: address for address, name in re.findall(r'<([^>]+)>; rel="(\w+)"', header)}


def test_a_list_is_walked_by_its_links(asking: Asking):
    client, path, seen = asking("carol"), "/releases?service=hello&limit=2", list[str]()
    while path:
        page = client.get(path)
        seen += [release["version"] for release in page.json()["items"]]
        path = links(page.headers["link"]).get("next", "").removeprefix("/api/v1")
    assert sorted(seen) == ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"]


def test_a_page_in_the_middle_knows_all_its_neighbours(asking: Asking):
    page = asking("carol").get("/releases", params={"limit": 2, "offset": 2})
    found = {name: re.search(r"offset=(\d+)", address) for name, address in links(page.headers["link"]).items()}
    offsets = {name: match[1] for name, match in found.items() if match}
    assert offsets == {"first": "0", "prev": "0", "next": "4", "last": "4"}
    assert (page.json()["total"], page.json()["offset"], page.json()["limit"]) == (6, 2, 2)


def test_a_request_keeps_the_number_it_came_with_up_to_the_audit_trail(asking: Asking):
    client = asking("alice")
    answer = client.put("/services/named", json={"repository": "named"}, headers={"X-Request-ID": "order-4711"})
    assert answer.headers["x-request-id"] == "order-4711"
    entry = client.get("/audit", params={"text": "named"}).json()["items"][0]
    assert (entry["action"], entry["request_id"], entry["actor"]) == ("service.saved", "order-4711", "alice/test")


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "a\u00e9"])
def test_a_number_that_could_confuse_a_log_is_replaced(asking: Asking, name: str):
    headers = {b"X-Request-ID": name.encode("latin-1")}
    assert re.fullmatch(r"[0-9a-f]{32}", asking("carol").get("/me", headers=headers).headers["x-request-id"])


def test_the_same_release_is_made_once_under_one_key(asking: Asking, stage: PortalStage):
    order = {"service": "hello", "version": "2.0.0", "image": "hello:1.1.0"}
    client, key = asking("bob"), {"Idempotency-Key": "release-1"}
    first, second = (client.post("/releases", json=order, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    without = client.post("/releases", json=order)
    assert (without.status_code, without.json()["code"]) == (409, "release_exists")
    other = client.post("/releases", json={**order, "version": "2.0.1"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_the_same_rollout_is_started_once_under_one_key(asking: Asking, stage: PortalStage):
    order = {"service": "hello", "environment": "dev", "version": "1.1.0", "reason": "try it"}
    client, key = asking("bob"), {"Idempotency-Key": "rollout-1"}
    first, second = (client.post("/rollouts", json=order, headers=key).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert client.get("/rollouts", params={"environment": "dev"}).json()["total"] == 1


def test_the_key_of_somebody_else_is_another_key(asking: Asking):
    freeze = {"name": "night", "environment": "staging", "days": ["mon"], "from_time": "22:00", "to_time": "06:00"}
    key = {"Idempotency-Key": "freeze-1"}
    added = [asking(name).post("/freezes", json=freeze, headers=key).json()["id"] for name in ("alice", "dave")]
    assert len(set(added)) == 2
    for number in added:
        assert asking("alice").delete(f"/freezes/{number}").status_code == 204


def test_a_repeated_order_of_a_token_does_not_show_its_secret_again(asking: Asking, stage: PortalStage):
    client, key = asking("carol"), {"Idempotency-Key": "token-1"}
    first, second = (client.post("/tokens", json={"name": "once"}, headers=key).json() for _ in range(2))
    assert first["secret"].startswith("cfp_")
    assert second == {**first, "secret": ""}
    with stage.core.database.reading() as session:
        kept = session.connection().exec_driver_sql("SELECT answer FROM idempotency").scalars().all()
    assert kept
    assert not [answer for answer in kept if first["secret"] in answer]


def test_a_password_leaves_no_trace_where_answers_are_kept(asking: Asking, stage: PortalStage):
    order = {"name": "henry", "password": "ten green bottles on a wall", "grants": [{"role": "viewer"}]}
    client, key = asking("erin"), {"Idempotency-Key": "user-1"}
    first, second = (client.post("/users", json=order, headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (201, second.json())
    assert "password" not in first.json()
    other_password = {**order, "password": "another one that is long"}
    assert client.post("/users", json=other_password, headers=key).json() == first.json()


def test_more_is_logged_from_one_request_to_the_next(asking: Asking):
    dave = asking("dave")
    before = dave.get("/log/level").json()["level"]
    try:
        assert dave.put("/log/level", json={"level": "debug"}, params={"reason": "looking"}).json() == {
            "level": "debug"
        }
        assert logging.getLogger("portal.services").isEnabledFor(logging.DEBUG)
        assert dave.get("/log/level").json() == {"level": "debug"}
        entry = dave.get("/audit", params={"action": "log.level_set"}).json()["items"][0]
        assert (entry["params"]["level"], entry["reason"]) == ("debug", "looking")
        assert dave.put("/log/level", json={"level": "loud"}).status_code == 422
    finally:
        dave.put("/log/level", json={"level": before})
