"""The image: how large it is, how soon it answers, what it needs at rest, how it ends.

bin/bench image [--json] [--goals] [--cold] [--tag NAME]: builds the image (--cold: without what is built already),
starts gate and portal from it as docker-compose.yml does (read-only, without rights, 256 MB) and measures. A minute if
built.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import tarfile
import time
import uuid
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import httpx

ROOT = Path(__file__).parent.parent
REST_SECONDS = 30
HEALTH_QUESTIONS = 100
HARDENED = ("--read-only", "--tmpfs", "/tmp:mode=1777", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108
GOALS = {
    "compressed, MB": 80.0,
    "uncompressed, MB": 250.0,
    "first 200, s": 3.0,
    "at rest, MB": 100.0,
    "gate at rest, MB": 100.0,
    "health reply, median ms": 20.0,
    "health check, ms": 1000.0,
    "stop, s": 5.0,
    "build, s": 300.0,
}


def docker(*arguments: str, seconds: float = 120) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {' '.join(arguments[:2])}: {done.stderr[-500:]}")
    return done.stdout.strip()


def built(tag: str, *, is_cold: bool) -> float:
    begun = time.monotonic()
    options = ["--no-cache"] if is_cold else []
    subprocess.run([ROOT / "bin" / "image", "--tag", tag, *options], check=True, timeout=1800, stdout=sys.stderr)
    return time.monotonic() - begun


def compressed_bytes(tag: str) -> int:
    """As a registry holds it: each layer by itself, by gzip, and what describes them."""
    size = 0
    save = subprocess.Popen(["docker", "save", tag], stdout=subprocess.PIPE)
    with save, tarfile.open(fileobj=save.stdout, mode="r|") as archive:
        for member in archive:
            if member.isfile() and (content := archive.extractfile(member)):
                size += gzipped_bytes(content)
    return size


def gzipped_bytes(content: IO[bytes]) -> int:
    """What is compressed already stays as it is."""
    packer, size = zlib.compressobj(6, wbits=31), 0
    block = content.read(1 << 20)
    is_packed = block.startswith(b"\x1f\x8b")
    while block:
        size += len(block) if is_packed else len(packer.compress(block))
        block = content.read(1 << 20)
    return size if is_packed else size + len(packer.flush())


@contextlib.contextmanager
def running(tag: str, port: int) -> Iterator[tuple[str, str]]:
    """Gate and portal, as names of containers; the portal was started just now."""
    name = f"cfp-image-{uuid.uuid4().hex[:8]}"
    gate, portal = f"{name}-gate", f"{name}-portal"
    volume = ("--volume", f"{name}:/run/gate")
    command = ("gate", "--engine", "/run/engine.sock", "--listen", "/run/gate/gate.sock", "--mode", "0660")
    guard = ("--user", "0:10001", "--network", "none", "--volume", "/var/run/docker.sock:/run/engine.sock")
    variables = ("PORTAL_ENGINE=docker", "PORTAL_ENGINE_SOCKET=/run/gate/gate.sock", "PORTAL_PROXY=external")
    settings = [word for variable in variables for word in ("--env", variable)]
    limits = ("--memory", "256m", "--pids-limit", "256", "--publish", f"127.0.0.1:{port}:3000")
    try:
        docker("create", "--name", portal, *HARDENED, *volume, *limits, *settings, tag)
        docker("run", "--detach", "--name", gate, *HARDENED, *volume, *guard, tag, *command)
        docker("start", portal)
        yield gate, portal
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", gate, portal], capture_output=True, check=False)
        subprocess.run(["docker", "volume", "rm", name], capture_output=True, check=False)


def await_200(url: str, seconds: float) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=2).status_code == 200:
                return time.monotonic() - begun
        time.sleep(0.02)
    raise RuntimeError(f"{url} did not answer with 200 within {seconds:g} s")


def reply_ms(url: str) -> float:
    times: list[float] = []
    with httpx.Client() as client:
        for _ in range(HEALTH_QUESTIONS):
            begun = time.monotonic()
            client.get(url)
            times.append((time.monotonic() - begun) * 1000)
    return statistics.median(times)


def memory_bytes(container: str) -> float:
    """As `docker stats` shows it: without what the kernel would give back at once."""
    text = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).split(" / ")[0]
    units = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
    unit = next((unit for unit in units if text.endswith(unit)), "B")
    return float(text.removesuffix(unit)) * units.get(unit, 1)


def figures(tag: str, *, is_cold: bool) -> dict[str, float]:
    found = {"build, s": built(tag, is_cold=is_cold)}
    found["uncompressed, MB"] = float(docker("image", "inspect", "--format", "{{.Size}}", tag)) / 1e6
    found["compressed, MB"] = compressed_bytes(tag) / 1e6
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    url = f"http://127.0.0.1:{port}/healthz"
    with running(tag, port) as (gate, portal):
        found["first 200, s"] = await_200(url, 60)
        time.sleep(REST_SECONDS)
        found["at rest, MB"] = memory_bytes(portal) / 1e6
        found["gate at rest, MB"] = memory_bytes(gate) / 1e6
        found["health reply, median ms"] = reply_ms(url)
        begun = time.monotonic()
        docker("exec", portal, "/app/scripts/health-check.sh")
        found["health check, ms"] = (time.monotonic() - begun) * 1000
        begun = time.monotonic()
        docker("stop", "--time", "20", portal)
        found["stop, s"] = time.monotonic() - begun
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench image", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a goal was missed")
    parser.add_argument("--cold", action="store_true", help="build without the cache")
    parser.add_argument("--tag", default="codex-father-portal:bench")
    options = parser.parse_args(arguments)
    found = {name: round(value, 2) for name, value in figures(options.tag, is_cold=options.cold).items()}
    missed = [name for name, value in found.items() if value >= GOALS[name]]
    if options.json:
        print(json.dumps({"figures": found, "goals": GOALS, "missed": missed}))
    else:
        for name, value in found.items():
            print(f"{name:26} {value:9.2f}   goal < {GOALS[name]:g}{'   MISSED' if name in missed else ''}")
    return 1 if options.goals and missed else 0


if __name__ == "__main__":
    sys.exit(main())
