"""HAProxy under load and under attack: reloads, kills, adoption, drains. What only a real proxy can show."""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from portal.adapters.haproxy.console import Console
from portal.adapters.haproxy.process import HAProxyProcess
from portal.adapters.haproxy.traffic import HAProxyTraffic
from portal.adapters.memory.requests import Request
from portal.domain.errors import Conflict, Unavailable
from portal.domain.route import Route, ServerState, Slot
from tests.contracts.proxies import HAProxyDoor, eventually, haproxy_door, kill_and_wait, one_route, settle, table

pytestmark = pytest.mark.live

TESTER = Request("tester", canary="always")
CLIENTS = 4


@pytest.fixture
def door() -> Iterator[HAProxyDoor]:
    with haproxy_door() as door:
        yield door


@pytest.fixture
def canary(door: HAProxyDoor) -> Route:
    """Two stable servers and two candidates, up; half of the users go to the candidates."""
    route = one_route(
        blue=(door.start_server("stable-1"), door.start_server("stable-2")),
        green=(door.start_server("new-1"), door.start_server("new-2")),
        candidate_percent=50,
    )
    settle(door.traffic, table(1, route))
    return route


class Load:
    """Clients with keep-alive connections. `answers` counts what they got; a broken connection counts as 0."""

    def __init__(self, port: int, method: str) -> None:
        self.port, self.method = port, method
        self.answers: Counter[int] = Counter()
        self.sides: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._halt = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]

    @property
    def total(self) -> int:
        return sum(self.answers.values())

    @property
    def failed(self) -> int:
        return self.total - self.answers[200]

    def more(self, count: int) -> None:
        """Wait for so many further answers."""
        goal = self.total + count
        eventually(lambda: self.total >= goal, within_seconds=30)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._halt.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, number: int) -> None:
        turn = 0
        while not self._halt.is_set():
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            for _ in range(50):
                turn += 1
                self._note(*self._one(client, f"user-{number}-{turn}"))
                if self._halt.is_set():
                    break
            client.close()

    def _one(self, client: http.client.HTTPConnection, user: str) -> tuple[int, str]:
        try:
            client.request(self.method, "/", headers={"Cookie": f"cfp_uid={user}"})
            answer = client.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            client.close()
            return 0, ""
        return answer.status, answer.headers.get("X-Server", "").partition("-")[0]

    def _note(self, status: int, side: str) -> None:
        with self._lock:
            self.answers[status] += 1
            self.sides[side] += 1


@contextmanager
def load(door: HAProxyDoor, method: str = "GET") -> Iterator[Load]:
    clients = Load(door.port, method)
    clients.start()
    try:
        yield clients
    finally:
        clients.stop()


def worker_pid(door: HAProxyDoor) -> str:
    return Console(door.traffic.folder.admin_socket).ask("show info").partition("\nPid: ")[2].partition("\n")[0]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_reload_in_mid_traffic_loses_no_request(door: HAProxyDoor, canary: Route, method: str):
    before = worker_pid(door)
    with load(door, method) as clients:
        clients.more(200)
        for revision in range(2, 5):
            other = Route(f"other-{revision}", "prod", path_prefix="/other", blue=canary.blue)
            settle(door.traffic, table(revision, canary, other))
            clients.more(200)
    assert worker_pid(door) != before
    assert clients.failed == 0


def test_a_whole_rollout_loses_no_request(door: HAProxyDoor, canary: Route):
    with load(door) as clients:
        for revision, percent in enumerate((10, 50, 100, 0, 100), start=2):
            canary = replace(canary, candidate_percent=percent)
            settle(door.traffic, table(revision, canary))
            clients.more(100)
        promoted = replace(canary, stable_slot=Slot.GREEN, candidate_percent=0)
        settle(door.traffic, table(8, promoted))
        clients.more(100)
        settle(door.traffic, table(9, replace(promoted, blue=())))
        clients.more(100)
        settle(door.traffic, table(10, replace(promoted, blue=canary.blue)))
        clients.more(100)
    assert clients.failed == 0


def test_servers_replaced_one_by_one_lose_no_request(door: HAProxyDoor, canary: Route):
    route = replace(canary, green=(), candidate_percent=0)
    settle(door.traffic, table(2, route))
    with load(door) as clients:
        for number, revision in enumerate((3, 5), start=3):
            both = (*route.blue, door.start_server(f"stable-{number}"))
            settle(door.traffic, table(revision, replace(route, blue=both)))
            clients.more(100)
            route = replace(route, blue=both[1:])
            settle(door.traffic, table(revision + 1, route))
            door.kill_server(both[0].name)
            clients.more(100)
    assert clients.failed == 0


def test_candidates_killed_at_half_of_the_traffic_cost_at_most_six_requests(door: HAProxyDoor, canary: Route):
    with load(door) as clients:
        clients.more(300)
        door.kill_server("new-1")
        door.kill_server("new-2")
        clients.more(600)
    assert clients.failed <= 6
    assert door.ask(TESTER).server.startswith("stable")


def test_no_post_reaches_two_servers(door: HAProxyDoor, canary: Route):
    with load(door, "POST") as clients:
        clients.more(200)
        door.kill_server("new-1")
        door.kill_server("new-2")
        clients.more(200)
    received = sum(backend.seen["POST"] for backend in door.backends.values())
    assert received <= clients.total
    assert canary.green


def test_an_answer_cut_by_its_server_is_an_error_in_the_log(door: HAProxyDoor, canary: Route):
    with pytest.raises(http.client.IncompleteRead):
        door.ask(replace(TESTER, path="/cut"))
    records = [r for r in door.log.read(timeout_seconds=5) if r.path == "/cut"]
    assert [(r.status, r.is_error, r.slot) for r in records] == [(0, True, Slot.GREEN)]
    assert canary.green


def test_a_client_s_word_about_itself_is_not_believed(door: HAProxyDoor, canary: Route):
    client = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    forged = {"X-Forwarded-For": "10.1.1.1", "X-Request-ID": "a b\tc", "X-Portal-Inner": "portal:inner"}
    client.request("GET", "/", headers=forged)
    answer = client.getresponse()
    answer.read()
    client.close()
    assert answer.headers["Saw-X-Forwarded-For"] == "127.0.0.1"
    assert answer.headers["Saw-X-Request-ID"] == answer.headers["X-Request-ID"] != "a b\tc"
    assert canary.green


def test_a_user_gets_an_identity_only_while_the_traffic_is_split(door: HAProxyDoor, canary: Route):
    cookie = door.ask(Request("")).headers.get("set-cookie", "")
    assert cookie.startswith("cfp_uid=")
    assert "HttpOnly" in cookie
    door.traffic.shift(table(2, replace(canary, candidate_percent=0)), canary.key)
    assert "set-cookie" not in door.ask(Request("")).headers


def test_a_rollback_reaches_idle_connections_of_a_former_worker(door: HAProxyDoor, canary: Route):
    whole = replace(canary, candidate_percent=100)
    door.traffic.shift(table(2, whole), canary.key)
    clients = [http.client.HTTPConnection("127.0.0.1", door.port, timeout=10) for _ in range(5)]
    for client in clients:
        client.request("GET", "/")
        assert client.getresponse().read()
    before = worker_pid(door)
    other = Route("other", "prod", path_prefix="/other", blue=canary.blue)
    settle(door.traffic, table(3, whole, other), is_so=lambda _: worker_pid(door) != before)
    door.traffic.shift(table(4, replace(canary, candidate_percent=0), other), canary.key)
    for client in clients:
        client.request("GET", "/")
        answer = client.getresponse()
        answer.read()
        client.close()
        assert answer.headers["X-Server"].startswith("stable")


def test_a_killed_proxy_is_started_again_by_itself(door: HAProxyDoor, canary: Route):
    first = door.process.pid
    assert first is not None
    kill_and_wait(first)
    eventually(lambda: door.process.pid not in (None, first))
    eventually(lambda: door.traffic.observe().is_alive)
    assert door.traffic.observe().green_percent(canary.key) == 50
    eventually(lambda: door.process.starts == 2)


def test_the_proxy_survives_a_killed_portal_and_is_adopted_by_the_next(door: HAProxyDoor, canary: Route):
    folder = door.traffic.folder.root
    door.process.stop(grace_seconds=0.2)
    script = (
        "import pathlib, sys, time; from portal.adapters.haproxy.process import HAProxyProcess;"
        "HAProxyProcess(pathlib.Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE) as portal:
        assert portal.stdout is not None
        assert portal.stdout.readline() == b"up\n"
        portal.kill()
    survivor = HAProxyProcess(folder)
    master = survivor.pid
    assert door.ask(replace(TESTER, canary="never")).status == 200
    door.process.start()
    assert (door.process.pid, door.process.starts) == (master, 1)
    assert master is not None
    kill_and_wait(master)
    eventually(lambda: door.process.pid not in (None, master))
    assert canary.green


def test_two_supervisors_never_start_two_proxies(door: HAProxyDoor, canary: Route):
    second = HAProxyProcess(door.traffic.folder.root)
    second.start()
    first = door.process.pid
    assert first is not None
    kill_and_wait(first)
    eventually(lambda: door.process.pid not in (None, first))
    eventually(lambda: door.process.starts + second.starts == 2)
    second.release()
    assert canary.green


def test_a_proxy_that_cannot_start_says_why():
    with tempfile.TemporaryDirectory(prefix="px-") as name:
        folder = Path(name)
        HAProxyTraffic(folder).folder.config.write_text("global\n    nonsense\n")
        with pytest.raises(Unavailable, match="nonsense") as failure:
            HAProxyProcess(folder).start(timeout_seconds=5)
        assert failure.value.code == "proxy_start_failed"
        with pytest.raises(Unavailable, match="proxy_missing"):
            HAProxyProcess(folder, program="no-such-proxy").start()


def test_a_refused_configuration_never_replaces_the_good_one(door: HAProxyDoor, canary: Route):
    good = door.traffic.folder.config.read_text()
    refusing = HAProxyTraffic(door.traffic.folder.root, replace(door.traffic.options, bind=("nowhere:0",)))
    with pytest.raises(Unavailable, match="proxy_config_refused"):
        refusing.apply(table(2, canary))
    assert door.traffic.folder.config.read_text() == good
    assert door.ask(TESTER).status == 200


def test_a_reload_that_fails_leaves_the_former_worker_and_file(door: HAProxyDoor, canary: Route):
    good, pid = door.traffic.folder.config.read_text(), worker_pid(door)
    unchecked = HAProxyTraffic(
        door.traffic.folder.root, replace(door.traffic.options, bind=("nowhere:0",)), program=None
    )
    unchecked.worker.reload_seconds = 1.0
    with pytest.raises(Unavailable, match="proxy_reload_failed"):
        unchecked.apply(table(2, canary))
    assert (door.traffic.folder.config.read_text(), worker_pid(door)) == (good, pid)
    settle(door.traffic, table(3, canary))
    assert door.ask(TESTER).server.startswith("new")


def test_of_two_who_shift_at_once_the_newer_table_wins(door: HAProxyDoor, canary: Route):
    second = HAProxyTraffic(door.traffic.folder.root, door.traffic.options)
    refused: list[int] = []

    def walk(traffic: HAProxyTraffic, revisions: range) -> None:
        for revision in revisions:
            try:
                traffic.shift(table(revision, replace(canary, candidate_percent=revision % 101)), canary.key)
            except Conflict:
                refused.append(revision)

    walkers: list[Callable[[], None]] = [
        lambda: walk(door.traffic, range(2, 100, 2)),
        lambda: walk(second, range(3, 100, 2)),
    ]
    threads = [threading.Thread(target=walker) for walker in walkers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    facts = door.traffic.observe()
    assert (facts.revision, facts.green_percent(canary.key)) == (99, 99)
    assert 99 not in refused


def test_an_open_websocket_lives_through_a_reload_and_a_drain(door: HAProxyDoor, canary: Route):
    route = replace(canary, drain_seconds=600)
    settle(door.traffic, table(2, route))
    end = door.hold_session(route.green[0], TESTER)
    held = door.last_held
    gone = replace(route, green=())
    for _ in range(5):
        door.traffic.apply(table(3, gone))
    held.sendall(b"still there?")
    assert held.recv(100) == b"still there?"
    end()
    settle(door.traffic, table(3, gone))


def test_a_session_left_in_a_former_worker_still_counts_as_draining(door: HAProxyDoor, canary: Route):
    route = replace(canary, green=canary.green[:1], drain_seconds=600)
    settle(door.traffic, table(2, route))
    end = door.hold_session(route.green[0], TESTER)
    gone, other = replace(route, green=()), Route("other", "prod", path_prefix="/other", blue=canary.blue)
    settle(door.traffic, table(3, gone, other), is_so=lambda facts: facts.slot_servers(other.key, Slot.BLUE))
    assert [(s.state, s.open_sessions) for s in door.traffic.observe().slot_servers(gone.key, Slot.GREEN)] == [
        (ServerState.DRAINING, 1)
    ]
    door.last_held.sendall(b"still there?")
    assert door.last_held.recv(100) == b"still there?"
    end()
    settle(door.traffic, table(3, gone, other))


def test_a_restarted_proxy_does_not_trust_a_server_that_never_passed_the_gate(door: HAProxyDoor, canary: Route):
    route = replace(canary, green=(*canary.green, door.dead_server("dead-1")))
    settle(
        door.traffic,
        table(2, route),
        is_so=lambda facts: ("dead-1", ServerState.GATING) in {(s.name, s.state) for s in facts.servers},
    )
    master = door.process.pid
    assert master is not None
    kill_and_wait(master)
    eventually(lambda: door.traffic.observe().is_alive)
    states = {s.name: s.state for s in door.traffic.observe().servers}
    assert states.pop("dead-1") is ServerState.GATING
    assert set(states.values()) == {ServerState.UP}
