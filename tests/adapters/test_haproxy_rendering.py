"""The proxy's configuration as text: what a table becomes, and that no word of it can become anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.adapters.haproxy import maps
from portal.adapters.haproxy.files import ProxyFolder, held
from portal.adapters.haproxy.naming import checked, key_of, route_name
from portal.adapters.haproxy.options import ProxyOptions
from portal.adapters.haproxy.rendering import admitted_in, rendered, servers_in
from portal.domain.errors import Invalid, Unavailable
from portal.domain.route import Route, RoutingTable, Server, Slot

FOLDER = ProxyFolder(Path("/run/proxy"))
OPTIONS = ProxyOptions()
BLUE, GREEN = Server("hello-1", "10.9.0.1", 8080), Server("hello-2", "10.9.0.2", 8080)
ROUTE = Route("hello", "prod", blue=(BLUE,), green=(GREEN,), candidate_percent=10)
BLUE_PLACE, GREEN_PLACE = ("hello:prod:blue", "hello-1"), ("hello:prod:green", "hello-2")


def text(*routes: Route, admitted: frozenset[tuple[str, str]] = frozenset()) -> str:
    return rendered(RoutingTable(1, routes), admitted, folder=FOLDER, options=OPTIONS).text


def structure(*routes: Route) -> str:
    return rendered(RoutingTable(1, routes), frozenset(), folder=FOLDER, options=OPTIONS).structure


def line_of(server: str, config: str) -> str:
    return next(line for line in config.splitlines() if line.startswith(f"    server {server} "))


def test_only_admitted_servers_may_take_requests_from_the_start():
    config = text(ROUTE, admitted=frozenset({BLUE_PLACE}))
    assert not line_of("hello-1", config).endswith(" disabled")
    assert line_of("hello-2", config).endswith(" disabled")
    assert admitted_in(config) == {BLUE_PLACE}
    assert servers_in(config) == {BLUE_PLACE, GREEN_PLACE}


def test_stable_servers_back_up_the_candidate_s():
    assert line_of("stable:hello-1", text(ROUTE)).endswith("track hello:prod:blue/hello-1 backup")
    turned = replace(ROUTE, stable_slot=Slot.GREEN)
    assert line_of("stable:hello-2", text(turned)).endswith("track hello:prod:green/hello-2 backup")
    without = text(replace(ROUTE, green=()))
    assert line_of("stable:hello-1", without), "a request that waits for a candidate that leaves must find one"


def test_a_request_outlives_the_errors_that_take_a_dead_side_down():
    words = text(ROUTE).split()
    errors_of_a_server = int(words[words.index("error-limit") + 1])
    assert int(words[words.index("retries") + 1]) > 3 * errors_of_a_server


def test_a_shielded_route_replays_on_stable_servers_only():
    shield = text(replace(ROUTE, is_shielded=True)).partition("backend hello:prod:shield")[2]
    assert "retry-on conn-failure empty-response response-timeout 500 502 503 504" in shield
    servers = [line.split()[1] for line in shield.splitlines() if line.startswith("    server ")]
    assert servers == ["candidate", "stable:hello-1"]


def test_servers_and_shares_change_without_a_reload_and_routes_with_one():
    same = (
        replace(ROUTE, candidate_percent=70),
        replace(ROUTE, green=(), blue=(BLUE, GREEN)),
        replace(ROUTE, hosts=("x.example.com",), preview_host="y.example.com"),
        replace(ROUTE, stable_slot=Slot.GREEN),
    )
    assert {structure(route) for route in same} == {structure(ROUTE)}
    other = (
        structure(ROUTE, Route("other", "prod")),
        structure(replace(ROUTE, health_path="/up")),
        structure(replace(ROUTE, is_shielded=True)),
        structure(replace(ROUTE, drain_seconds=900)),
    )
    assert len({structure(ROUTE), *other}) == 5


def test_an_ipv6_server_stands_in_brackets():
    route = replace(ROUTE, blue=(replace(BLUE, address="fd00::1"),))
    assert " [fd00::1]:8080 " in line_of("hello-1", text(route))


def test_the_maps_hold_shares_and_places():
    shop = Route("shop", "prod", hosts=("Shop.Example.com",), path_prefix="/cart/", is_shielded=True)
    found = maps.maps(RoutingTable(1, (ROUTE, shop, Route("late", "prod"))))
    assert found["split"] == {"hello:prod": "10", "shop:prod": "0", "late:prod": "0"}
    assert found["hosts"] == {"*/": "hello:prod", "shop.example.com/cart/": "shop:prod"}
    assert found["shield"] == {"shop:prod": "1"}
    assert maps.pairs(maps.text(found["hosts"])) == found["hosts"]


@given(st.sampled_from(["hello@prod", "a.b@c", "x-1@dr"]))
def test_a_route_keeps_its_key_through_the_proxy(key: str):
    assert key_of(route_name(key)) == key


HOSTILE = st.text(min_size=1, max_size=40).filter(
    lambda word: any(c in word for c in " \n\t#'\"\\{}$%;/@:") or not word.isascii()
)


@given(HOSTILE, st.sampled_from(["service", "environment", "preview_host"]))
def test_no_word_of_a_table_can_change_the_configuration(word: str, field: str):
    with pytest.raises(Invalid, match="routing_invalid"):
        checked(RoutingTable(1, (replace(ROUTE, **{field: word}),)))


@given(st.text(max_size=40))
def test_a_path_that_is_accepted_holds_no_space_and_no_quote(path: str):
    for field in ("path_prefix", "health_path"):
        try:
            checked(RoutingTable(1, (replace(ROUTE, **{field: path}),)))
        except Invalid:
            continue
        assert path.startswith("/")
        assert not set(path) & set(" \t\r\n\"'\\#{}$")


@pytest.mark.parametrize(
    "server",
    [
        Server("hello 1", "10.9.0.1", 8080),
        Server("stable:1", "10.9.0.1", 8080),
        Server("hello-1", "example.com", 8080),
        Server("hello-1", "10.9.0.1\n", 8080),
        Server("hello-1", "10.9.0.1", 0),
        Server("hello-1", "10.9.0.1", 70_000),
    ],
)
def test_a_server_that_is_none_is_refused(server: Server):
    with pytest.raises(Invalid, match="routing_invalid"):
        checked(RoutingTable(1, (replace(ROUTE, blue=(server,)),)))


def test_a_folder_too_deep_for_its_sockets_is_refused(tmp_path: Path):
    with pytest.raises(Invalid, match="proxy_folder_too_long"):
        ProxyFolder.at(tmp_path / ("deep" * 30))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises((Unavailable, Invalid)):
        ProxyFolder.at(tmp_path / "file" / "x")


def test_one_holder_of_the_lock_at_a_time(tmp_path: Path):
    lock = tmp_path / "lock"
    with held(lock), pytest.raises(Unavailable, match="proxy_busy"), held(lock, timeout_seconds=0.01):
        pytest.fail("two held it")
    with held(lock, timeout_seconds=0.01):
        assert lock.exists()
