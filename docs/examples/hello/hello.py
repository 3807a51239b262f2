"""The sample service: a small HTTP server of the standard library whose faults are set by a file or by variables.

What the file HELLO_CONFIG (/run/portal/config.json) says counts before environment variables, but for the port; it is
read at the start and again at SIGHUP.

`hello.py` serves, `hello.py check` asks a running one for its health and exits 0 or 1.

    /                       JSON with version and hostname; after HELLO_LATENCY_MS, failing at HELLO_ERROR_RATE
    /healthz                200, or 503 when it is unhealthy or stopping
    /metrics                Prometheus text
    /slow?seconds=3         answers after that time
    /stream?bytes=N         N bytes; with &seconds=S spread over that time
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import re
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
LATENCY_SIGMA = 0.25
LONGEST_SECONDS = 300.0
LARGEST_BYTES = 1 << 30
CHUNK_BYTES = 1 << 16
LINGER_SECONDS = 0.5  # a proxy may be sending on an idle connection at this very moment
GRACE_SECONDS = 25.0
PORT = 8080
CONFIG_FILE = "/run/portal/config.json"
LARGEST_CONFIG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from HELLO_VERSION, HELLO_PORT and so on: the names of the fields in capitals. The file calls them
    errorRate, latencyMs and so on.
    """

    version: str = "1.0.0"
    port: int = PORT
    error_rate: float = 0.0
    latency_ms: float = 0.0
    latency_factor: float = 1.0
    start_delay_seconds: float = 0.0
    leak_bytes_per_request: int = 0
    crash_after_seconds: float = 0.0
    unhealthy: bool = False
    greeting: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """ValueError names what is wrong."""
        environment = {**environment, **_configured(environment.get("HELLO_CONFIG", "") or CONFIG_FILE)}
        values: dict[str, object] = {}
        for setting in fields(cls):
            name = f"HELLO_{setting.name.upper()}"
            text = environment.get(name, "")
            if text:
                values[setting.name] = _value(name, text, type(setting.default))
        settings = cls(**values)  # type: ignore[arg-type]
        if not 0 <= settings.error_rate <= 1:
            raise ValueError("HELLO_ERROR_RATE must lie between 0 and 1")
        return settings


def _configured(path: str) -> dict[str, str]:
    """What the file says, as variables; nothing if there is none. ValueError if it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 (pathlib costs memory)
            content = json.loads(file.read(LARGEST_CONFIG_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} must be a JSON object")
    values = {re.sub("(?=[A-Z])", "_", name).upper(): str(value) for name, value in content.items()}
    return {f"HELLO_{name}": value for name, value in values.items() if name != "PORT"}


def _value(name: str, text: str, kind: type) -> object:
    if kind is bool:
        return text.lower() in {"1", "true", "yes", "on"}
    if kind is str:
        return text
    try:
        number = float(text) if kind is float else int(text)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {text!r}") from None
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{name} must not be negative or endless, but it is {text}")
    return number


@dataclass(slots=True)
class Tally:
    """What /metrics tells."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_SECONDS) + 1))
    sum_seconds: float = 0.0

    def add(self, path: str, *, status: int, seconds: float) -> None:
        place = next((i for i, limit in enumerate(BUCKETS_SECONDS) if seconds <= limit), len(BUCKETS_SECONDS))
        with self.lock:
            self.answers[path, status] += 1
            self.buckets[place] += 1
            self.sum_seconds += seconds

    def text(self, version: str) -> str:
        """The Prometheus text format, version 0.0.4."""
        with self.lock:
            answers, buckets, total = sorted(self.answers.items()), list(self.buckets), self.sum_seconds
        lines = ["# HELP hello_info The version that runs.", "# TYPE hello_info gauge"]
        lines.append(f'hello_info{{version="{version}"}} 1')
        lines += ["# HELP hello_requests_total Answered requests.", "# TYPE hello_requests_total counter"]
        lines += [f'hello_requests_total{{path="{path}",code="{code}"}} {count}' for (path, code), count in answers]
        name = "hello_request_duration_seconds"
        lines += [f"# HELP {name} Time to answer.", f"# TYPE {name} histogram"]
        below = 0
        for limit, count in zip([*map(str, BUCKETS_SECONDS), "+Inf"], buckets, strict=True):
            below += count
            lines.append(f'hello_request_duration_seconds_bucket{{le="{limit}"}} {below}')
        lines += [f"hello_request_duration_seconds_sum {total:.6f}", f"hello_request_duration_seconds_count {below}"]
        lines += ["# HELP process_resident_memory_bytes Memory in use.", "# TYPE process_resident_memory_bytes gauge"]
        lines.append(f"process_resident_memory_bytes {_resident_bytes()}")
        return "\n".join(lines) + "\n"


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 (pathlib costs memory)
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Server(ThreadingHTTPServer):
    """One thread a connection. `close_gently` answers what is open before it ends."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, settings: Settings) -> None:
        super().__init__(("", settings.port), Handler)
        self.settings = settings
        self.tally = Tally()
        self.hostname = socket.gethostname()
        self.leaked: list[bytes] = []
        self.is_stopping = False
        self.open_connections: set[socket.socket] = set()
        self.lock = threading.Lock()

    def process_request_thread(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        with self.lock:
            self.open_connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.lock:
                self.open_connections.discard(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are nothing to report."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def read_again(self) -> None:
        """From now on as the file says; as before if it is wrong. What counts at the start alone keeps its value."""
        try:
            self.settings = Settings.read(os.environ)
        except ValueError as error:
            print(error, file=sys.stderr, flush=True)

    def close_gently(self) -> None:
        """Every answer from now on closes its connection; idle ones close after a moment; open answers are finished."""
        self.is_stopping = True
        time.sleep(LINGER_SECONDS)
        self.shutdown()
        self.server_close()
        with self.lock:
            waiting = list(self.open_connections)
        for connection in waiting:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)  # ends the wait for another request, not an answer being given
        end = time.monotonic() + GRACE_SECONDS
        while self.open_connections and time.monotonic() < end:
            time.sleep(0.02)


class Handler(BaseHTTPRequestHandler):
    """The endpoints."""

    server: Server  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = CHUNK_BYTES
    timeout = 75
    server_version = "hello"
    sys_version = ""

    def do_GET(self) -> None:
        begun = time.monotonic()
        url = urlsplit(self.path)
        pages = {"/": self._root, "/healthz": self._healthz, "/metrics": self._metrics, "/slow": self._slow}
        endpoint = (pages | {"/stream": self._stream}).get(url.path)
        try:
            status = endpoint(url.query) if endpoint else self._answer(404, {"error": "there is no such page"})
        except ValueError as error:
            status = self._answer(400, {"error": str(error)})
        path = url.path if endpoint else "other"
        self.server.tally.add(path, status=status, seconds=time.monotonic() - begun)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are counted, not logged."""

    def _root(self, query: str) -> int:
        server, settings = self.server, self.server.settings
        if settings.leak_bytes_per_request:
            server.leaked.append(b"x" * settings.leak_bytes_per_request)
        if settings.latency_ms:
            median_seconds = settings.latency_ms * settings.latency_factor / 1000
            time.sleep(min(random.lognormvariate(math.log(median_seconds), LATENCY_SIGMA), LONGEST_SECONDS))
        if settings.error_rate and random.random() < settings.error_rate:
            return self._answer(500, {"error": "this version fails now and then", "version": settings.version})
        greeting = {"greeting": settings.greeting} if settings.greeting else {}
        told = {"service": "hello", "version": settings.version, "hostname": server.hostname}
        return self._answer(200, {**told, **greeting})

    def _healthz(self, query: str) -> int:
        if self.server.is_stopping:
            return self._answer(503, {"status": "stopping"})
        if self.server.settings.unhealthy:
            return self._answer(503, {"status": "unhealthy"})
        return self._answer(200, {"status": "pass"})

    def _metrics(self, query: str) -> int:
        text = self.server.tally.text(self.server.settings.version)
        return self._send(200, text.encode(), kind="text/plain; version=0.0.4; charset=utf-8")

    def _slow(self, query: str) -> int:
        seconds = _number(query, "seconds", largest=LONGEST_SECONDS)
        time.sleep(seconds)
        return self._answer(200, {"version": self.server.settings.version, "seconds": seconds})

    def _stream(self, query: str) -> int:
        size = int(_number(query, "bytes", largest=LARGEST_BYTES))
        chunks = max(1, -(-size // CHUNK_BYTES))
        pause_seconds = _number(query, "seconds", largest=LONGEST_SECONDS) / chunks
        self._head(200, size, kind="application/octet-stream")
        for start in range(0, size if self.command == "GET" else 0, CHUNK_BYTES):
            self.wfile.write(b"." * min(CHUNK_BYTES, size - start))
            self.wfile.flush()
            time.sleep(pause_seconds)
        self.wfile.flush()
        return 200

    def _answer(self, status: int, content: Mapping[str, object]) -> int:
        return self._send(status, json.dumps(content).encode() + b"\n", kind="application/json")

    def _send(self, status: int, body: bytes, *, kind: str) -> int:
        self._head(status, len(body), kind=kind)
        if self.command == "GET":
            self.wfile.write(body)
        self.wfile.flush()
        return status

    def _head(self, status: int, length: int, *, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("X-Hello-Version", self.server.settings.version)
        if self.server.is_stopping:
            self.send_header("Connection", "close")  # which also ends the loop of this handler
        self.end_headers()


def _number(query: str, name: str, *, largest: float) -> float:
    """0 if it is not given."""
    number = float(parse_qs(query).get(name, ["0"])[0])
    if not 0 <= number <= largest:
        raise ValueError(f"{name} must lie between 0 and {largest:g}")
    return number


def serve(settings: Settings) -> int:
    """Until SIGTERM or SIGINT; exit status 70 when it was told to crash."""
    ends = {signal.SIGTERM, signal.SIGINT}
    heard = ends | {signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)  # kept for `sigwait`: a handler waits while another thread got it
    if settings.crash_after_seconds:
        crash = threading.Timer(settings.crash_after_seconds, os._exit, (70,))
        crash.daemon = True
        crash.start()
    if signal.sigtimedwait(ends, settings.start_delay_seconds):
        return 0
    server = Server(settings)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    print(json.dumps({"message": "serving", "version": settings.version, "port": server.server_port}), flush=True)
    while signal.sigwait(heard) == signal.SIGHUP:
        server.read_again()
    print(json.dumps({"message": "stopping"}), flush=True)
    server.close_gently()
    return 0


def check(port: int) -> int:
    """0 if the one on this machine is well."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return int(connection.getresponse().status != 200)
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


def main() -> int:
    try:
        if sys.argv[1:] == ["check"]:
            return check(int(os.environ.get("HELLO_PORT", "") or PORT))
        settings = Settings.read(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
