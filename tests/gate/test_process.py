"""The gate as a process: its socket, its start and its end, what it says, and a silent engine."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.engines import Gate, ask, eventually, folder, gate

STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def home() -> Iterator[Path]:
    with folder() as path:
        yield path


def start(home: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "portal.gate", "--engine", "/none", "--listen", str(home / "g.sock"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    STARTED.append(process)
    return process


def ready(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout
    return json.loads(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    return process.returncode


def test_it_says_when_it_is_ready_and_its_socket_is_its_owners_alone(home: Path) -> None:
    process = start(home)
    line = ready(process)
    mode = (home / "g.sock").lstat().st_mode
    assert (line["event"], line["listen"], line["pid"]) == ("ready", str(home / "g.sock"), process.pid)
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert end(process) == 0
    assert not (home / "g.sock").exists()


def test_the_group_may_be_let_in(home: Path) -> None:
    process = start(home, "--mode", "0660")
    ready(process)
    assert stat.S_IMODE((home / "g.sock").lstat().st_mode) == 0o660
    assert end(process) == 0


def test_a_socket_left_over_by_a_dead_gate_is_replaced(home: Path) -> None:
    first = start(home)
    ready(first)
    first.kill()
    first.communicate()
    assert (home / "g.sock").exists()
    second = start(home)
    ready(second)
    assert end(second) == 0


def test_it_does_not_take_the_place_of_a_living_gate(home: Path) -> None:
    first = start(home)
    ready(first)
    second = start(home)
    assert "another process" in second.communicate(timeout=10)[1]
    assert second.returncode == 2
    assert end(first) == 0


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_it_takes_the_place_of_nothing_else(home: Path, kind: str) -> None:
    path = home / "g.sock"
    {"file": path.touch, "folder": path.mkdir, "link": lambda: path.symlink_to(home / "x")}[kind]()
    process = start(home)
    assert "not a socket" in process.communicate(timeout=10)[1]
    assert process.returncode == 2
    assert path.is_symlink() or path.exists()


def test_it_ends_with_the_process_that_started_it(home: Path) -> None:
    script = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'portal.gate', '--engine', '/none', "
        f"'--listen', '{home}/g.sock', '--with-parent'], stdout=subprocess.PIPE); p.stdout.readline()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)
    eventually(lambda: not (home / "g.sock").exists(), within_seconds=5)


@pytest.fixture
def silent() -> Iterator[Gate]:
    with gate("/nowhere/engine.sock", "--connections", "8") as gated:
        yield gated


def test_an_engine_that_does_not_answer_is_told_apart_from_a_refusal(silent: Gate) -> None:
    assert ask(silent.path, "GET", "/v1.41/info") == (502, {"message": "gate: the engine does not answer"})
    assert ask(silent.path, "GET", "/v1.41/containers/x/json")[0] == 502


def test_each_refusal_is_one_line_of_json(silent: Gate) -> None:
    status, answer = ask(silent.path, "POST", "/v1.41/swarm/init")
    assert (status, answer) == (403, {"message": "gate: endpoint: not allowed"})
    eventually(silent.refusals)
    line = silent.refusals()[0]
    assert (line["method"], line["path"], line["reason"]) == ("POST", "/swarm/init", "endpoint: not allowed")


def test_more_connections_than_allowed_are_turned_away_and_the_others_served(silent: Gate) -> None:
    held = [connect(silent.path) for _ in range(8)]
    eventually(lambda: ask(silent.path, "GET", "/v1.41/_ping")[0] == 503)
    for connection in held:
        connection.close()
    eventually(lambda: ask(silent.path, "GET", "/v1.41/_ping")[0] == 502)


def connect(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(20)
    connection.connect(path)
    return connection


@pytest.mark.slow
def test_a_client_that_says_nothing_is_let_go(silent: Gate) -> None:
    with connect(silent.path) as connection:
        connection.sendall(b"GET /v1.41/info HTTP/1.1\r\n")
        began = time.monotonic()
        assert connection.recv(100) == b""
        assert 5 < time.monotonic() - began < 15


IMPORTED = """
import sys
sys.path.insert(0, sys.argv[1])
import portal.gate.__main__
names = {name for name in sys.modules if name.partition(".")[0] not in sys.stdlib_module_names}
print(*(name for name in names if name not in ("__main__", "portal") and not name.startswith("portal.gate")))
"""


def test_it_ends_at_once_although_streams_are_open(home: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
        engine.bind(str(home / "e.sock"))
        engine.listen(8)
        process = start(home, "--engine", str(home / "e.sock"))
        ready(process)
        with connect(str(home / "g.sock")) as client:
            client.sendall(b"GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n")
            upstream, _ = engine.accept()
            with upstream:
                upstream.sendall(b"HTTP/1.1 200 OK\r\n\r\none")
                eventually(lambda: client.recv(1000).endswith(b"one"))
                began = time.monotonic()
                assert end(process) == 0
                assert time.monotonic() - began < 2
                assert client.recv(1000) == b""


def test_it_imports_nothing_but_the_standard_library() -> None:
    command = [sys.executable, "-I", "-S", "-c", IMPORTED, str(Path.cwd())]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    assert result.stdout.split() == []
