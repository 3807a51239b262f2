"""The whole portal at rest, with all workers, on a real engine and proxy, stays within a limit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from portal.adapters.haproxy.process import HAProxyProcess
from portal.web.build import ROOT, ensure_built

LIMIT_BYTES = 100_000_000
pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-004")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def await_(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def served() -> Iterator[tuple[int, str]]:
    """Process id and address of a portal that nobody uses."""
    ensure_built()
    with tempfile.TemporaryDirectory(prefix="cfp-") as name:
        folder, port = Path(name), free_port()
        gate_socket = folder / "gate.sock"
        environment = {
            **os.environ,
            "PORTAL_DATA": name,
            "PORTAL_PORT": str(port),
            "PORTAL_ENGINE": "docker",
            "PORTAL_PROXY_BIND": f"127.0.0.1:{free_port()}",
            "PORTAL_DEMO": "false",
            "MALLOC_ARENA_MAX": "2",  # as bin/run starts it
            "PYTHONNODEBUGRANGES": "1",
            "PORTAL_NETWORK": "cfp-idle",
            "PORTAL_SUBNET": "172.27.9.0/24",
        }
        gate = [sys.executable, "-m", "portal.gate", "--engine", "/var/run/docker.sock", "--listen", str(gate_socket)]
        with (folder / "log").open("wb") as log, subprocess.Popen(gate, cwd=ROOT, stdout=log, stderr=log) as guard:
            await_(gate_socket.is_socket, 15)
            serve = [sys.executable, "-m", "portal.cli", "serve"]
            with subprocess.Popen(serve, cwd=ROOT, env=environment, stdout=log, stderr=log) as portal:
                try:
                    yield portal.pid, f"http://127.0.0.1:{port}"
                finally:
                    portal.terminate()
                    portal.wait(40)
                    HAProxyProcess(folder / "proxy").stop(grace_seconds=1)  # which goes on without the portal
                    guard.terminate()


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).json()["checks"]["proxy"]["status"] == "pass"
    except (httpx.TransportError, KeyError, ValueError):
        return False


def proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def test_a_portal_at_rest_needs_no_more_memory_than_its_limit(served: tuple[int, str]) -> None:
    pid, url = served
    await_(lambda: is_up(url), 60)
    for _ in range(20):  # the checks and the loops have been round a few times
        assert httpx.get(f"{url}/healthz", timeout=5).status_code == 200
        time.sleep(0.25)
    assert proportional_bytes(pid) < LIMIT_BYTES
