"""Two doors to knock at: a real HAProxy before real small servers, and the proxy in memory before its world."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import shutil
import socket
import struct
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest

from portal.adapters.haproxy.access_log import HAProxyAccessLog
from portal.adapters.haproxy.options import ProxyOptions
from portal.adapters.haproxy.process import HAProxyProcess
from portal.adapters.haproxy.traffic import HAProxyTraffic
from portal.adapters.memory.access_log import MemoryAccessLog
from portal.adapters.memory.containers import MemoryContainers
from portal.adapters.memory.requests import Request
from portal.adapters.memory.traffic import MemoryTraffic
from portal.adapters.memory.world import Behaviour, MemoryWorld
from portal.domain.container import ContainerSpec, Network
from portal.domain.route import AccessRecord, Route, RoutingTable, Server, ServerState, Slot, TrafficFacts
from portal.ports.traffic import Traffic

UNROUTED = 503
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def eventually(
    is_so: Callable[[], object], *, within_seconds: float = 15, picture: Callable[[], object] = lambda: ""
) -> None:
    """Waits until the condition holds; `picture` is shown if it never does."""
    end = time.monotonic() + within_seconds
    while not is_so():
        if time.monotonic() > end:
            pytest.fail(f"not so after {within_seconds} s: {picture()}")
        time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client got. `server` is the name of the one that answered, empty if the proxy itself did."""

    status: int
    server: str
    headers: dict[str, str] = field(default_factory=dict[str, str])


class Door(Protocol):
    """A proxy under test, the servers behind it, and its access log."""

    @property
    def traffic(self) -> Traffic: ...
    def start_server(self, name: str, *, is_failing: bool = False) -> Server: ...
    def dead_server(self, name: str) -> Server: ...
    def kill_server(self, name: str) -> None: ...
    def ask(self, request: Request) -> Answer: ...
    def records(self) -> list[AccessRecord]: ...
    def hold_session(self, server: Server, request: Request) -> Callable[[], None]: ...
    def pass_time(self, seconds: float) -> None: ...
    def kill_proxy(self) -> None: ...
    def revive_proxy(self) -> None: ...


def settle(
    traffic: Traffic, table: RoutingTable, *, is_so: Callable[[TrafficFacts], object] | None = None
) -> TrafficFacts:
    """Apply the table until `is_so` holds (by default: every wanted server is up and no other is there)."""
    condition = is_so or (lambda facts: _is_settled(facts, table))

    def is_done() -> object:
        traffic.apply(table)
        return condition(traffic.observe())

    eventually(is_done, picture=traffic.observe)
    return traffic.observe()


def _is_settled(facts: TrafficFacts, table: RoutingTable) -> bool:
    wanted = {(r.key, slot, s.name) for r in table.routes for slot in Slot for s in r.servers(slot)}
    there = {(s.route, s.slot, s.name) for s in facts.servers}
    return wanted == there and all(s.state is ServerState.UP for s in facts.servers)


# --- real servers -----------------------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    @property
    def backend(self) -> Backend:
        assert isinstance(self.server, Backend)
        return self.server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/healthz":
            self.backend.seen[self.command] += 1
        if self.path.startswith("/upgrade"):
            self._tunnel()
        elif self.path.startswith("/cut"):
            self._cut()
        else:
            self._answer(500 if self.backend.is_failing and self.path != "/healthz" else 200)

    do_POST = do_GET  # noqa: N815

    def _answer(self, status: int) -> None:
        self.send_response(status)
        for name in ("X-Forwarded-For", "X-Request-ID", "X-Forwarded-Host"):
            self.send_header(f"Saw-{name}", self.headers.get(name, ""))
        self.send_header("X-Server", self.backend.name)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def _tunnel(self) -> None:
        """A websocket's handshake, then an echo for as long as the client wants."""
        self.close_connection = True
        accept = base64.b64encode(hashlib.sha1(f"{self.headers['Sec-WebSocket-Key']}{WEBSOCKET}".encode()).digest())
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.wfile.flush()
        while chunk := self.connection.recv(1024):
            self.connection.sendall(chunk)

    def _cut(self) -> None:
        """Half of an answer."""
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: a test's output is for its failures."""


class Backend(ThreadingHTTPServer):
    """A small real server that can be killed as a container is: every connection reset, nothing listening any more."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str, *, is_failing: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.is_failing = name, is_failing
        self.seen: Counter[str] = Counter()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def place(self) -> Server:
        return Server(self.name, "127.0.0.1", self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A checker that hangs up early is no news."""

    def kill(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class HAProxyDoor:
    """HAProxy on a free port, with a folder, a supervisor and an access log of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        options = ProxyOptions(
            bind=(f"127.0.0.1:{self.port}",), check_interval_ms=200, check_fast_interval_ms=50, threads=1
        )
        self.traffic = HAProxyTraffic(folder, options)
        self.traffic.prepare()
        self.process = HAProxyProcess(folder)
        self.log = HAProxyAccessLog(self.traffic.folder.log_socket)
        self.log.start()
        self.process.start()
        self.backends: dict[str, Backend] = {}
        self._client: http.client.HTTPConnection | None = None
        self._held: list[socket.socket] = []

    def start_server(self, name: str, *, is_failing: bool = False) -> Server:
        self.backends[name] = Backend(name, is_failing=is_failing)
        return self.backends[name].place

    def dead_server(self, name: str) -> Server:
        return Server(name, "127.0.0.1", free_port())

    def kill_server(self, name: str) -> None:
        self.backends[name].kill()

    def ask(self, request: Request) -> Answer:
        self._client = self._client or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = (
            {"Host": request.host, "Cookie": f"cfp_uid={request.user}"} if request.user else {"Host": request.host}
        )
        if request.canary:
            headers["X-Portal-Canary"] = request.canary
        try:
            self._client.request(request.method, request.path, headers=headers)
            answer = self._client.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._client.close()
            self._client = None
            raise
        return Answer(answer.status, answer.headers.get("X-Server", ""), dict(answer.headers.items()))

    def records(self) -> list[AccessRecord]:
        return self.log.read(timeout_seconds=0.05)

    def hold_session(self, server: Server, request: Request) -> Callable[[], None]:
        """A websocket through the proxy; the way to end it."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        client.sendall(
            f"GET /upgrade HTTP/1.1\r\nHost: {request.host}\r\nCookie: cfp_uid={request.user}\r\n"
            f"X-Portal-Canary: {request.canary}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        self._held.append(client)
        assert b" 101 " in client.recv(4096)
        return client.close

    @property
    def last_held(self) -> socket.socket:
        return self._held[-1]

    def pass_time(self, seconds: float) -> None:
        """Real time passes by itself."""

    def kill_proxy(self) -> None:
        """Kill it as a crash would, with nobody watching."""
        self.process.release()
        pid = self.process.pid
        assert pid is not None
        kill_and_wait(pid)
        if self._client:
            self._client.close()

    def revive_proxy(self) -> None:
        self.process.start()

    def close(self) -> None:
        if self._client:
            self._client.close()
        for client in self._held:
            client.close()
        self.process.stop(grace_seconds=0.2)
        self.log.close()
        for backend in self.backends.values():
            backend.kill()


def kill_and_wait(pid: int) -> None:
    """SIGKILL, and wait until the kernel has taken it."""
    import os
    import select
    import signal

    descriptor = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        assert select.select([descriptor], [], [], 10)[0]
    finally:
        os.close(descriptor)


@contextmanager
def haproxy_door() -> Iterator[HAProxyDoor]:
    folder = Path(tempfile.mkdtemp(prefix="px-"))
    door = HAProxyDoor(folder)
    try:
        yield door
    finally:
        door.close()
        shutil.rmtree(folder, ignore_errors=True)


# --- the world in memory ----------------------------------------------------------------------------------------------


class HeldClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class MemoryDoor:
    """The proxy in memory, with containers in memory behind it."""

    def __init__(self) -> None:
        self.clock = HeldClock()
        self.world = MemoryWorld(self.clock)
        self.traffic = MemoryTraffic(self.world)
        self.log = MemoryAccessLog(self.traffic)
        self._containers = MemoryContainers(self.world)
        self._containers.ensure_network(Network("portal", "10.9.0.0/24", "10.9.0.128/25"))
        self._records: list[AccessRecord] = []

    def start_server(self, name: str, *, is_failing: bool = False) -> Server:
        image = self.world.add_image(f"app:{name}", Behaviour(error_rate=1.0 if is_failing else 0.0))
        address = f"10.9.0.{len(self.world.containers) + 10}"
        self._containers.create(ContainerSpec(name, image.id, network="portal", address=address))
        self._containers.start(name)
        return Server(name, address, 8080)

    def dead_server(self, name: str) -> Server:
        return Server(name, "203.0.113.9", 8080)

    def kill_server(self, name: str) -> None:
        self.world.kill(name)

    def ask(self, request: Request) -> Answer:
        user = request.user or "somebody"
        record = self.traffic.request(replace(request, user=user))
        if record is None:
            return Answer(UNROUTED, "")
        self._records.append(record)
        return Answer(record.status, record.server)

    def records(self) -> list[AccessRecord]:
        found, self._records = self._records, []
        return found

    def hold_session(self, server: Server, request: Request) -> Callable[[], None]:
        self.traffic.hold_sessions(server.name, 1)
        return lambda: self.traffic.hold_sessions(server.name, 0)

    def pass_time(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)

    def kill_proxy(self) -> None:
        self.traffic.kill()

    def revive_proxy(self) -> None:
        self.traffic.revive()


def one_route(**changes: Any) -> Route:
    return replace(Route("hello", "prod"), **changes)


def table(revision: int, *routes: Route) -> RoutingTable:
    return RoutingTable(revision, routes)
