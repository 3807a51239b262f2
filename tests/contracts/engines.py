"""Real engines behind a real gate, and a tiny image for them: two megabytes made from this machine's busybox."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DOCKER_SOCKET = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
PREFIX = "cftest"
IMAGE = f"{PREFIX}/tiny:1"
START_SECONDS = 30
APPLETS = ("sh", "cat", "mv", "sleep", "echo", "id", "ls", "touch", "grep", "tail", "httpd")


def eventually(is_so: Callable[[], object], *, within_seconds: float = 20) -> None:
    """Waits until the condition holds."""
    end = time.monotonic() + within_seconds
    while not is_so():
        if time.monotonic() > end:
            pytest.fail(f"not so after {within_seconds} s")
        time.sleep(0.02)


class UnixConnection(http.client.HTTPConnection):
    """Plain HTTP over a Unix socket, to look at an engine without our own code in between."""

    def __init__(self, path: str) -> None:
        super().__init__("engine", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def ask(path: str, method: str, target: str, body: Any = None) -> tuple[int, Any]:
    """Status and JSON of one call straight to a socket."""
    connection = UnixConnection(path)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, target, data, {"Content-Type": "application/json"} if data else {})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    try:
        return answer.status, json.loads(content) if content else None
    except ValueError:
        return answer.status, content.decode("utf-8", "replace")


def answers(path: str) -> bool:
    try:
        return ask(path, "GET", "/_ping")[0] == 200
    except OSError:
        return False


@contextmanager
def folder() -> Iterator[Path]:
    """A short path, for a socket's may have 107 bytes at most."""
    path = Path(tempfile.mkdtemp(prefix="cfp-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def docker_socket() -> str:
    if not answers(DOCKER_SOCKET):
        pytest.fail(f"no Docker answers at {DOCKER_SOCKET}. Run: bin/test, which starts one", pytrace=False)
    return DOCKER_SOCKET


@contextmanager
def podman_socket() -> Iterator[str]:
    """A Podman service of our own, with its own storage. runc is taken where crun cannot run."""
    podman = shutil.which("podman")
    if podman is None:
        pytest.fail("podman is not installed. Run: bin/setup --system podman", pytrace=False)
    with folder() as home:
        command = [
            podman,
            "--root",
            str(home / "root"),
            "--runroot",
            str(home / "run"),
            "--tmpdir",
            str(home / "tmp"),
            "--cgroup-manager",
            "cgroupfs",
            *(["--runtime", "runc"] if shutil.which("runc") else []),
        ]
        (home / "conf").write_text(f'[engine]\nevents_logger="file"\n[network]\nnetwork_config_dir="{home}/net"\n')
        environment = {**os.environ, "CONTAINERS_CONF": str(home / "conf")}
        path = str(home / "podman.sock")
        service = [*command, "system", "service", "--time", "0", f"unix://{path}"]
        with running(service, lambda: answers(path), home / "log", environment):
            yield path
            subprocess.run(
                [*command, "rm", "--all", "--force", "--time", "0"],
                env=environment,
                check=False,
                capture_output=True,
                timeout=60,
            )
            subprocess.run(
                [*command, "system", "reset", "--force"], env=environment, check=False, capture_output=True, timeout=60
            )


@contextmanager
def running(
    command: list[str], is_ready: Callable[[], bool], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process from ready to ended."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
    try:
        end = time.monotonic() + START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text()[-2000:]}", pytrace=False)
            time.sleep(0.02)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def gate(engine: str, *options: str) -> Iterator[Gate]:
    """A gate in front of an engine's socket, as its own process."""
    with folder() as home:
        path, log = str(home / "gate.sock"), home / "log"
        command = [sys.executable, "-m", "portal.gate", "--engine", engine, "--listen", path, *options]
        with running(command, lambda: b'"ready"' in log.read_bytes(), log) as process:
            yield Gate(path, log, process)


@dataclass(frozen=True, slots=True)
class Gate:
    path: str
    log: Path
    process: subprocess.Popen[bytes]

    def refusals(self) -> list[dict[str, str]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == "refused"]


def image_archive(reference: str = IMAGE, *, user: str = "") -> bytes:
    """A `docker save` archive of one layer: busybox with what it is linked to, and a folder with a file."""
    layer = _layer()
    run = {"User": user, "Labels": {"maker": PREFIX}, "Cmd": ["/bin/sh"]}
    config = {
        "architecture": os.uname().machine.replace("x86_64", "amd64").replace("aarch64", "arm64"),
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [{"created": "2026-01-01T00:00:00Z"}],
    }
    document = json.dumps(config).encode()
    name = f"{hashlib.sha256(document).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": [reference], "Layers": ["layer/layer.tar"]}]).encode()
    return _tar({name: (document, 0o644), "layer/layer.tar": (layer, 0o644), "manifest.json": (manifest, 0o644)})


def _layer() -> bytes:
    found = shutil.which("busybox")
    if found is None:
        pytest.fail("busybox is not installed. Run: bin/setup --system busybox", pytrace=False)
    linked = subprocess.run(["ldd", found], capture_output=True, text=True, check=False).stdout.split()
    files = {path.lstrip("/"): (Path(path).read_bytes(), 0o755) for path in linked if path.startswith("/")}
    files |= {"bin/busybox": (Path(found).read_bytes(), 0o755), "etc/app/kept": (b"kept\n", 0o644)}
    return _tar(files, links={f"bin/{name}": "busybox" for name in APPLETS})


def _tar(files: dict[str, tuple[bytes, int]], *, links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, (content, mode) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return out.getvalue()
