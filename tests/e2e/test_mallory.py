"""Mallory has no browser to be polite with: bare websockets, foreign origins, a stolen session of a viewer."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from simple_websocket import Client, ConnectionClosed

from tests.e2e.conftest import CAROLS_PASSWORD, Served

ROOT = "reflex___state____state"
STATES = f"{ROOT}.portal___web___states"
NAMESPACE = "/_event"
SETTLE_SECONDS = 15.0
OWN_ORIGIN = "http://127.0.0.1"  # this client puts no port into Host


class Wire:
    """A websocket client that speaks just enough of the protocol to name any event."""

    def __init__(self, socket: Client, path: str) -> None:
        self._socket = socket
        self._at = {"pathname": path, "asPath": path, "query": {}}
        socket.receive(timeout=0.2)  # the greeting, which this client overlooks if it comes with the handshake
        socket.send(f"40{NAMESPACE},{json.dumps({'event': self._event(f'{ROOT}.hydrate_and_load', {})})}")

    def _event(self, name: str, payload: dict[str, Any], **forged: Any) -> dict[str, Any]:
        return {"name": name, "payload": payload, "router_data": self._at | forged}

    def send(self, name: str, payload: dict[str, Any] | None = None, **forged: Any) -> None:
        self._socket.send(f"42{NAMESPACE},{json.dumps(['event', self._event(name, payload or {}, **forged)])}")

    def heard_until(self, text: str) -> str:
        """All that came until `text` did; the test fails if it does not."""
        heard, end = "", time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end:
            try:
                got = self._socket.receive(timeout=1.0)
            except ConnectionClosed:
                break
            if got == "2":
                self._socket.send("3")
            heard += str(got or "")
            if text in heard:
                return heard
        raise AssertionError(f"{text!r} did not come: {heard[-500:]}")


@contextmanager
def wire(
    portal: Served, *, cookie: str = "", origin: str = "", path: str = "/rollouts", token: str = ""
) -> Iterator[Wire]:
    headers = {"Origin": origin or OWN_ORIGIN} | ({"Cookie": cookie} if cookie else {})
    address = f"{portal.url.replace('http', 'ws')}/_event/?EIO=4&transport=websocket&token={token or uuid.uuid4()}"
    socket = Client(address, headers=headers, subprotocols=["0.10.1"])  # type: ignore[arg-type]
    try:
        yield Wire(socket, path)
    finally:
        socket.close()


def rollouts(portal: Served) -> list[str]:
    """What is on its way and was, as a viewer's page gets it."""
    with wire(portal, cookie=portal.sign_in("carol"), path="/rollouts") as carol:
        heard = carol.heard_until('"is_loaded_rx_state_":true')
    return sorted({part.partition('"')[0] for part in heard.split('"href":"/rollouts/')[1:]})


START = (f"{STATES}___order____order_state.start", {"form": {"reason": "because I can", "plan": "strategy: rolling"}})
ACTS = [
    START,
    (f"{STATES}___order____order_state.go_back", {"form": {"reason": "because I can"}}),
    (f"{STATES}___rollout____rollout_state.decide", {"form": {"reason": "because I can"}}),
    (f"{STATES}___rollout____rollout_state.control", {"form": {"reason": "because I can"}}),
    (f"{STATES}___rollout____rollout_state.abort", {"form": {"reason": "because I can"}}),
    (f"{STATES}___rollout____rollout_state.go_back", {"form": {"reason": "because I can"}}),
    (f"{STATES}___registration____registration_state.register", {"form": {"service": "hello"}}),
]


@pytest.mark.parametrize(("name", "payload"), ACTS, ids=[name.rpartition(".")[2] for name, _ in ACTS])
def test_a_bare_client_without_a_session_is_led_to_the_door(portal: Served, name: str, payload: dict[str, Any]) -> None:
    with wire(portal) as mallory:
        mallory.heard_until("/sign-in")
        mallory.send(name, payload)
        heard = mallory.heard_until("/sign-in")

    assert '"rows_rx_state_":[{' not in heard


@pytest.mark.parametrize(("name", "payload"), ACTS, ids=[name.rpartition(".")[2] for name, _ in ACTS])
def test_a_stolen_session_of_a_viewer_can_act_on_nothing(portal: Served, name: str, payload: dict[str, Any]) -> None:
    before = rollouts(portal)
    with wire(portal, cookie=portal.sign_in("carol"), path="/rollouts/new") as mallory:
        mallory.heard_until("is_loaded")
        mallory.send(name, payload)
        mallory.heard_until("You may not do this")

    assert rollouts(portal) == before


def test_a_viewer_reads_and_nobody_reads_nothing(portal: Served) -> None:
    assert rollouts(portal)
    with wire(portal) as mallory:
        heard = mallory.heard_until("/sign-in")
        mallory.send(f"{STATES}___rollouts____rollouts_state.watch")
        heard += mallory.heard_until("/sign-in")
    assert "hello" not in heard


@pytest.mark.parametrize(
    "name", [f"{ROOT}.setvar", f"{ROOT}.reflex___state____update_vars_internal_state.update_vars_internal"]
)
def test_the_state_cannot_be_set_from_outside(portal: Served, name: str) -> None:
    forged = {f"{STATES}___session____session_state.permissions": ["rollout.start"]}
    with wire(portal, cookie=portal.sign_in("carol")) as mallory:
        mallory.heard_until("is_loaded")
        mallory.send(name, {"vars": forged, "var_name": "is_hydrated", "value": True})
        assert "rollout.start" not in mallory.heard_until("You may not do this")


def test_headers_in_the_message_are_not_those_of_the_connection(portal: Served) -> None:
    forged = {"headers": {"cookie": portal.sign_in("alice")}, "token": "alice", "sid": "alice"}
    with wire(portal) as mallory:
        mallory.heard_until("/sign-in")
        mallory.send(START[0], START[1], **forged)
        mallory.heard_until("/sign-in")


def test_the_token_of_somebody_elses_tab_shows_nothing_of_it(portal: Served) -> None:
    token = str(uuid.uuid4())
    with wire(portal, cookie=portal.sign_in("alice"), token=token) as alice:
        alice.heard_until('"is_loaded_rx_state_":true')
    with wire(portal, token=token) as mallory:
        heard = mallory.heard_until("/sign-in")

    assert "alice" not in heard
    assert '"href":"/rollouts/' not in heard


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://127.0.0.1:1", ""])
def test_a_foreign_page_gets_no_connection_with_the_cookie_of_its_victim(portal: Served, origin: str) -> None:
    asks = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "c2l4dGVlbiBsZXR0ZXJz",
        "cookie": portal.sign_in("alice"),
    }
    address = f"{portal.url}/_event/?EIO=4&transport=websocket&token={uuid.uuid4()}"

    assert httpx.get(address, headers=asks | ({"origin": origin} if origin else {})).status_code == 403


def test_a_foreign_page_can_sign_nobody_in_or_out(portal: Served) -> None:
    cookie = portal.sign_in("alice")
    foreign = {"origin": "http://evil.test", "cookie": cookie}
    form = {"name": "carol", "password": CAROLS_PASSWORD}

    assert httpx.post(f"{portal.url}/auth/sign-in", data=form, headers=foreign).status_code == 403
    assert httpx.post(f"{portal.url}/auth/sign-out", headers=foreign).status_code == 403
    with wire(portal, cookie=cookie) as alice:
        alice.heard_until('"is_loaded_rx_state_":true')


def test_the_cookie_is_for_the_server_alone(portal: Served) -> None:
    form = {"name": "carol", "password": CAROLS_PASSWORD}
    answer = httpx.post(f"{portal.url}/auth/sign-in", data=form, headers={"origin": portal.url})

    kept = answer.headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=lax" in kept


def test_no_secret_and_no_cookie_is_in_the_log(portal: Served) -> None:
    cookie = portal.sign_in("carol")
    with wire(portal, cookie=cookie) as mallory:
        mallory.heard_until("is_loaded")
        mallory.send("no.such.handler", {"password": "let me in"})
        mallory.send(START[0], {"form": ["nonsense"]})
        mallory.heard_until("You may not do this")

    assert cookie.partition("=")[2] not in portal.log.read_text()
