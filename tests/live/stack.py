"""docker-compose.yml brought up under a name, network and ports of its own, from images that are built here."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
IMAGE = "cfp-test-portal:1"
START_SECONDS = 120
# No registry is needed: the distribution's programs on the sample service's base, with the entry points that the images
# of docker-compose.yml have.
PARTS = r"""
FROM {base} AS parts
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
    haproxy postgresql redis-server prometheus prometheus-alertmanager >/dev/null \
    && mkdir -p /prometheus && chown nobody /prometheus && rm -rf /var/lib/postgresql/*

FROM parts AS haproxy

FROM parts AS redis

FROM parts AS prometheus
ENTRYPOINT ["prometheus"]

FROM parts AS alertmanager
ENTRYPOINT ["prometheus-alertmanager"]

FROM parts AS postgres
ENV LC_ALL=C.UTF-8 PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
RUN echo '#!/bin/sh\n\
set -eu\n\
chown postgres "$PGDATA" /var/run/postgresql\n\
own() {{ setpriv --reuid postgres --regid postgres --clear-groups "$@"; }}\n\
if [ ! -s "$PGDATA/PG_VERSION" ]; then\n\
    echo "$POSTGRES_PASSWORD" >/tmp/password && chown postgres /tmp/password\n\
    own initdb --username "$POSTGRES_USER" --pwfile /tmp/password --auth-local trust --auth-host scram-sha-256\n\
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"\n\
    echo "CREATE DATABASE $POSTGRES_DB;" | own postgres --single postgres\n\
fi\n\
exec setpriv --reuid postgres --regid postgres --clear-groups postgres -c listen_addresses="*"' >/start \
    && chmod 755 /start
ENTRYPOINT ["/start"]
"""


def run(*command: str | Path, **options: Any) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800, check=False, **options)
    assert done.returncode == 0, f"{command[:4]}: {(done.stdout + done.stderr)[-2000:]}"
    return done.stdout


def inspected(name: str) -> dict[str, Any]:
    return json.loads(run("docker", "inspect", name))[0]


def part_image(name: str) -> str:
    """One of the stages above, built once."""
    base = json.loads(run("bin/hello-images", "--base-only"))["hello-base:1"]
    tag = f"cfp-test-{name}:1"
    command = ["docker", "build", "--quiet", "--target", name, "--tag", tag, "-"]
    run(*command, input=PARTS.format(base=base), env=os.environ | {"DOCKER_BUILDKIT": "0"})
    return tag


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Stack:
    """docker-compose.yml under a name, network and ports of its own."""

    def __init__(self, name: str, subnet: str, upper_half: str, **settings: str) -> None:
        self.name = f"cfptest{name}{os.getpid()}"
        self.released: set[str] = set()
        self.portal_port, self.proxy_port = free_port(), free_port()
        self.program = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        self.settings = {
            "PORTAL_IMAGE": IMAGE,
            "HAPROXY_IMAGE": part_image("haproxy"),
            "PORTAL_PUBLISH": f"127.0.0.1:{self.portal_port}",
            "PROXY_PUBLISH": f"127.0.0.1:{self.proxy_port}",
            "PORTAL_NETWORK": self.name,
            "PORTAL_SUBNET": subnet,
            "PORTAL_SUBNET_UPPER_HALF": upper_half,
        } | settings

    def compose(self, *words: str) -> str:
        return run(*self.program, "--project-name", self.name, *words, env=os.environ | self.settings)

    def in_portal(self, *words: str) -> str:
        return self.compose("exec", "-T", "portal", "codex-portal", *words)

    def container(self, service: str) -> dict[str, Any]:
        return inspected(self.compose("ps", "-q", service).split()[0])

    def is_healthy(self, service: str) -> bool:
        return bool(self.container(service)["State"].get("Health", {}).get("Status") == "healthy")

    def answer(self, port: int = 0, path: str = "/") -> str:
        """Nothing while there is no answer, or one that is not 200."""
        try:
            got = httpx.get(f"http://127.0.0.1:{port or self.proxy_port}{path}", timeout=5)
        except httpx.TransportError:
            return ""
        return got.text if got.status_code == 200 else ""

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + START_SECONDS
        while not holds():
            assert time.monotonic() < end, self.compose("logs", "--tail", "30")
            time.sleep(0.25)

    def note_released(self) -> set[str]:
        """Released containers outlive the portal; they are known by the network as long as that is there."""
        ours = ("--filter", f"network={self.name}", "--filter", "label=codexfather.managed=1")
        found = set(run("docker", "ps", "-aq", *ours).split())
        self.released |= found
        return found

    def close(self) -> None:
        self.note_released()
        self.compose("down", "--volumes", "--timeout", "20")
        subprocess.run(["docker", "rm", "--force", *self.released], capture_output=True, timeout=60, check=False)
