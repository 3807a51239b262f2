"""What every proxy promises: one suite for HAProxy with real servers behind it, and the proxy in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from portal.adapters.memory.requests import Request
from portal.domain.errors import Conflict, Unavailable
from portal.domain.route import AccessRecord, Route, RoutingTable, ServerState, Slot
from tests.contracts.proxies import UNROUTED, Door, MemoryDoor, eventually, haproxy_door, one_route, settle, table

USERS = [f"user-{number}" for number in range(2_000)]
TESTER = Request("tester", canary="always")


@pytest.fixture(params=["memory", pytest.param("haproxy", marks=pytest.mark.live)])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    if request.param == "memory":
        yield MemoryDoor()
    else:
        with haproxy_door() as real:
            yield real


@pytest.fixture
def route(door: Door) -> Route:
    """A stable blue slot of two servers, up and serving."""
    route = one_route(blue=(door.start_server("stable-1"), door.start_server("stable-2")), drain_seconds=600)
    settle(door.traffic, table(1, route))
    return route


@pytest.fixture
def canary(door: Door, route: Route) -> Route:
    """The same with two candidate servers, up and without traffic."""
    route = replace(route, green=(door.start_server("new-1"), door.start_server("new-2")))
    settle(door.traffic, table(2, route))
    return route


def sides(door: Door, users: list[str], **fields: str) -> dict[str, str]:
    """Which version answers each user."""
    return {user: door.ask(Request(user, **fields)).server.partition("-")[0] for user in users}


def shift(door: Door, revision: int, route: Route, percent: int) -> Route:
    moved = replace(route, candidate_percent=percent)
    door.traffic.shift(table(revision, moved), moved.key)
    return moved


def state_of(door: Door, name: str) -> ServerState:
    return next((s.state for s in door.traffic.observe().servers if s.name == name), ServerState.ABSENT)


def logged(door: Door, path: str, count: int) -> list[AccessRecord]:
    """The records of the requests to paths that begin so, once there are so many."""
    found: list[AccessRecord] = []
    eventually(lambda: found.extend(r for r in door.records() if r.path.startswith(path)) or len(found) >= count)
    return found


def test_a_new_server_takes_no_request_before_fresh_checks(door: Door, route: Route):
    route = replace(route, green=(door.start_server("new-1"),), candidate_percent=100)
    door.traffic.apply(table(2, route))
    assert state_of(door, "new-1") is ServerState.GATING
    assert door.ask(TESTER).server.startswith("stable")
    settle(door.traffic, table(2, route))
    assert door.ask(TESTER).server == "new-1"


def test_every_admitted_server_takes_its_part_of_the_requests(door: Door, route: Route):
    names = [f"new-{number}" for number in range(1, 6)]
    route = replace(route, green=tuple(door.start_server(name) for name in names), candidate_percent=100)
    settle(door.traffic, table(2, route))
    answers = Counter(door.ask(Request(user)).server for user in USERS[:200])
    assert sorted(answers) == names
    assert min(answers.values()) >= 20


def test_a_dead_server_is_never_admitted(door: Door, route: Route):
    route = replace(route, green=(door.dead_server("dead-1"), door.start_server("new-1")), candidate_percent=100)
    settle(door.traffic, table(2, route), is_so=lambda _: state_of(door, "new-1") is ServerState.UP)
    for _ in range(20):
        door.traffic.apply(table(2, route))
        assert state_of(door, "dead-1") is ServerState.GATING
    assert {door.ask(Request(user)).server for user in USERS[:50]} == {"new-1"}


def test_a_slot_of_dead_servers_leaves_all_requests_to_stable(door: Door, route: Route):
    route = replace(route, green=(door.dead_server("dead-1"),), candidate_percent=100)
    settle(door.traffic, table(2, route), is_so=lambda facts: facts.green_percent(route.key) == 100)
    assert set(sides(door, USERS[:100]).values()) == {"stable"}


@pytest.mark.parametrize("percent", [5, 30, 50])
def test_the_share_of_users_is_what_was_wanted(door: Door, canary: Route, percent: int):
    shift(door, 3, canary, percent)
    seen = Counter(sides(door, USERS).values())
    deviation = (percent * (100 - percent) / len(USERS)) ** 0.5
    assert abs(seen["new"] * 100 / len(USERS) - percent) < 4 * deviation


def test_a_user_changes_side_only_when_the_share_grows_or_on_a_rollback(door: Door, canary: Route):
    users, before = USERS[:400], set[str]()
    for revision, percent in enumerate((0, 10, 30, 60, 100), start=3):
        shift(door, revision, canary, percent)
        now = {user for user, side in sides(door, users).items() if side == "new"}
        assert before <= now
        before = now
    assert before == set(users)
    shift(door, 9, canary, 0)
    assert set(sides(door, users).values()) == {"stable"}


def test_the_slots_take_turns_as_stable(door: Door, canary: Route):
    turned = replace(canary, stable_slot=Slot.GREEN, candidate_percent=20)
    settle(door.traffic, table(3, turned))
    assert door.traffic.observe().green_percent(canary.key) == 80
    seen = Counter(sides(door, USERS).values())
    assert 16 < seen["stable"] * 100 / len(USERS) < 24
    shift(door, 4, turned, 0)
    assert set(sides(door, USERS[:100]).values()) == {"new"}


def test_a_header_chooses_the_side(door: Door, canary: Route):
    assert set(sides(door, USERS[:20], canary="always").values()) == {"new"}
    shift(door, 3, canary, 100)
    assert set(sides(door, USERS[:20], canary="never").values()) == {"stable"}


def test_the_preview_address_always_reaches_the_candidate(door: Door, canary: Route):
    route = replace(canary, preview_host="next.example.com")
    settle(door.traffic, table(3, route))
    assert set(sides(door, USERS[:20], host="next.example.com").values()) == {"new"}
    assert set(sides(door, USERS[:20], host="www.example.com").values()) == {"stable"}


def test_a_stale_table_is_refused(door: Door, canary: Route):
    shift(door, 7, canary, 10)
    for use in (door.traffic.apply, lambda t: door.traffic.shift(t, canary.key)):
        with pytest.raises(Conflict) as refusal:
            use(table(6, replace(canary, candidate_percent=90)))
        assert (refusal.value.code, refusal.value.params["revision"]) == ("routing_stale", "7")
    assert door.traffic.observe().green_percent(canary.key) == 10
    shift(door, 7, canary, 20)
    assert door.traffic.observe().revision == 7


def test_a_shift_moves_one_route_only(door: Door, canary: Route):
    other = Route("other", "prod", path_prefix="/other", blue=(door.start_server("other-1"),))
    settle(door.traffic, table(3, canary, other))
    both = table(4, replace(canary, candidate_percent=40), replace(other, candidate_percent=70))
    door.traffic.shift(both, canary.key)
    facts = door.traffic.observe()
    assert (facts.green_percent(canary.key), facts.green_percent(other.key)) == (40, 0)


def test_after_a_rollback_no_request_reaches_the_candidate(door: Door, canary: Route):
    canary = shift(door, 3, canary, 100)
    assert set(sides(door, USERS[:50]).values()) == {"new"}
    shift(door, 4, canary, 0)
    assert set(sides(door, USERS[:200]).values()) == {"stable"}


def test_a_server_that_is_no_longer_wanted_drains_then_goes(door: Door, canary: Route):
    end = door.hold_session(canary.green[0], TESTER)
    held = next((s.name for s in door.traffic.observe().servers if s.open_sessions and s.slot is Slot.GREEN), "new-1")
    gone = replace(canary, green=())
    settle(door.traffic, table(3, gone), is_so=lambda facts: len(facts.slot_servers(gone.key, Slot.GREEN)) == 1)
    left = door.traffic.observe().slot_servers(gone.key, Slot.GREEN)[0]
    assert (left.name, left.state, left.open_sessions) == (held, ServerState.DRAINING, 1)
    assert set(sides(door, USERS[:20], canary="always").values()) == {"stable"}
    end()
    settle(door.traffic, table(3, gone))


def test_a_drain_ends_at_its_limit(door: Door, canary: Route):
    gone = replace(canary, green=(), drain_seconds=1)
    settle(door.traffic, table(3, replace(canary, drain_seconds=1)))
    door.hold_session(canary.green[0], TESTER)
    settle(
        door.traffic,
        table(4, gone),
        is_so=lambda facts: all(s.state is ServerState.DRAINING for s in facts.slot_servers(gone.key, Slot.GREEN)),
    )
    door.pass_time(2)
    settle(door.traffic, table(4, gone))


def test_the_right_name_at_another_address_is_a_stranger(door: Door, canary: Route):
    moved = replace(door.start_server("elsewhere-1"), name="new-1")
    route = replace(canary, green=(moved, canary.green[1]), candidate_percent=100)
    settle(door.traffic, table(3, route), is_so=lambda _: door.ask(TESTER).status == 200)
    settle(door.traffic, table(3, route))
    names = {door.ask(Request(user)).server for user in USERS[:100]}
    assert "new-2" in names
    assert len(names) == 2


def test_dead_candidates_leave_their_users_to_stable(door: Door, canary: Route):
    shift(door, 3, canary, 50)
    door.kill_server("new-1")
    door.kill_server("new-2")
    eventually(lambda: {state_of(door, n) for n in ("new-1", "new-2")} == {ServerState.DOWN})
    seen = [door.ask(Request(user)) for user in USERS[:200]]
    assert {answer.status for answer in seen} == {200}
    assert {answer.server.partition("-")[0] for answer in seen} == {"stable"}


def test_a_candidate_never_stands_in_for_a_dead_stable_side(door: Door, canary: Route):
    door.kill_server("stable-1")
    door.kill_server("stable-2")
    eventually(lambda: {state_of(door, n) for n in ("stable-1", "stable-2")} == {ServerState.DOWN})
    assert door.ask(Request("anna", canary="never")).status == 503


def test_a_shielded_candidate_s_failures_are_replayed_on_stable(door: Door, route: Route):
    route = replace(
        route, green=(door.start_server("bad-1", is_failing=True),), candidate_percent=100, is_shielded=True
    )
    settle(door.traffic, table(2, route))
    answers = [door.ask(Request(user, path="/shielded")) for user in USERS[:20]]
    assert {answer.status for answer in answers} == {200}
    records = logged(door, "/shielded", 20)
    assert all(r.is_replayed and r.is_error and r.slot is Slot.GREEN for r in records)
    assert {r.server.partition("-")[0] for r in records} == {"stable"}


def test_a_post_is_never_replayed(door: Door, route: Route):
    route = replace(
        route, green=(door.start_server("bad-1", is_failing=True),), candidate_percent=100, is_shielded=True
    )
    settle(door.traffic, table(2, route))
    assert [door.ask(Request(user, path="/order", method="POST")).status for user in USERS[:10]] == [500] * 10
    records = logged(door, "/order", 10)
    assert not any(record.is_replayed for record in records)
    assert {(record.server, record.method) for record in records} == {("bad-1", "POST")}


def test_routes_are_told_apart_by_host_and_longest_path(door: Door):
    plain = Route("plain", "prod", blue=(door.start_server("plain-1"),))
    api = Route("api", "prod", path_prefix="/api", blue=(door.start_server("api-1"),))
    deep = Route("deep", "prod", path_prefix="/api/v2/", blue=(door.start_server("deep-1"),))
    shop = Route(
        "shop", "prod", hosts=("shop.example.com", "www.shop.example.com"), blue=(door.start_server("shop-1"),)
    )
    settle(door.traffic, table(1, plain, api, deep, shop))
    expected = {
        ("any.example.com", "/"): "plain-1",
        ("any.example.com", "/api"): "api-1",
        ("any.example.com", "/apix"): "plain-1",
        ("any.example.com", "/api/v1/x"): "api-1",
        ("any.example.com", "/api/v2"): "deep-1",
        ("shop.example.com", "/api"): "shop-1",
        ("WWW.Shop.Example.com:8080", "/"): "shop-1",
    }
    assert {place: door.ask(Request("anna", *place)).server for place in expected} == expected
    fewer = table(2, api)
    settle(door.traffic, fewer)
    # A reload leaves every idle connection one more answer.
    eventually(lambda: door.ask(Request("anna", "any.example.com", "/")).status == UNROUTED)
    assert door.ask(Request("anna", "any.example.com", "/api")).server == "api-1"


def test_a_dead_proxy_is_a_fact_and_comes_back_with_the_same_split(door: Door, canary: Route):
    shift(door, 3, canary, 30)
    before = sides(door, USERS[:200])
    door.kill_proxy()
    assert not door.traffic.observe().is_alive
    with pytest.raises(Unavailable, match="proxy_unreachable"):
        door.traffic.apply(table(3, replace(canary, candidate_percent=30)))
    door.revive_proxy()
    facts = door.traffic.observe()
    assert (facts.is_alive, facts.green_percent(canary.key), facts.revision) == (True, 30, 3)
    settle(door.traffic, table(3, replace(canary, candidate_percent=30)))
    assert sides(door, USERS[:200]) == before


def test_every_request_is_in_the_access_log_with_the_side_it_went_to(door: Door, canary: Route):
    shift(door, 3, canary, 40)
    asked = [(user, door.ask(Request(user, path=f"/page/{user}"))) for user in USERS[:100]]
    forced = door.ask(replace(TESTER, path="/forced"))
    records = {record.path: record for record in logged(door, "/", 101)}
    for user, answer in asked:
        record = records[f"/page/{user}"]
        side = Slot.GREEN if answer.server.startswith("new") else Slot.BLUE
        assert (record.server, record.slot, record.status) == (answer.server, side, 200)
        assert not record.is_forced
        assert not record.is_error
        assert record.server_ms is not None
        assert record.route == canary.key
    assert (records["/forced"].is_forced, records["/forced"].server) == (True, forced.server)


def test_an_empty_table_routes_nothing(door: Door, route: Route):
    settle(door.traffic, RoutingTable(2, ()))
    assert door.ask(Request("anna")).status == UNROUTED
    assert door.traffic.observe().servers == ()
    assert route
