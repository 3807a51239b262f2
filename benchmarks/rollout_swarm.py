"""The peer of `bin/bench rollout`: Docker Swarm's own rolling update and rollback, behind the same kind of proxy.

The tasks are found by name on an overlay network (endpoint mode dnsrr), by a HAProxy in a container of that network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

UPDATE = (
    "--update-order",
    "start-first",
    "--update-parallelism",
    "1",
    "--update-delay",
    "0s",
    "--update-monitor",
    "1s",
)
ROLLBACK = tuple(word.replace("update", "rollback") for word in UPDATE)
CONFIG = """
global
    maxconn 4000
    nbthread 2
resolvers docker
    nameserver dns 127.0.0.11:53
    hold valid 500ms
    timeout resolve 500ms
    timeout retry 500ms
defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout server 30s
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response response-timeout
frontend front
    bind :8080
    default_backend tasks
backend tasks
    option httpchk GET /healthz
    balance roundrobin
    server-template task 1-8 tasks.{service}:8080 check inter 500ms fastinter 150ms fall 2 rise 2 resolvers docker \
init-addr none
"""


def docker(*command: str, seconds: float = 60) -> str:
    """Its output; CalledProcessError with its words if it failed."""
    done = subprocess.run(["docker", *command], capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {' '.join(command[:3])}: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


class Swarm:
    """A service of `replicas` tasks of hello:1.0.0. `close` removes all of it, and the swarm if it was made here."""

    def __init__(self, *, replicas: int) -> None:
        self.name = f"crash-swarm-{os.getpid()}"
        self.folder = Path(tempfile.mkdtemp(prefix="cfp-"))
        self._is_ours = docker("info", "--format", "{{.Swarm.LocalNodeState}}") == "inactive"
        try:
            self._begin(replicas)
        except BaseException:
            self.close()
            raise

    def _begin(self, replicas: int) -> None:
        if self._is_ours:
            docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1")
        docker("network", "create", "--driver", "overlay", "--attachable", self.name)
        options = ("--network", self.name, "--endpoint-mode", "dnsrr", "--replicas", str(replicas), *UPDATE, *ROLLBACK)
        fast = ("--health-interval", "1s", "--stop-grace-period", "10s", "--no-resolve-image", "--detach")
        docker("service", "create", "--name", self.name, *options, *fast, "hello:1.0.0")
        self._until(lambda: self._running("1.0.0") == replicas, "the tasks")
        (self.folder / "haproxy.cfg").write_text(CONFIG.format(service=self.name), "utf-8")
        self.folder.chmod(0o755)
        # The machine's own HAProxy with the libraries it is linked to: no image of it can be pulled everywhere.
        mounts = ("--volume", "/usr:/usr:ro", "--volume", f"{self.folder}:/config:ro")
        run = ("run", "--detach", "--name", self.name, "--network", self.name, *mounts, "hello-base:1")
        docker(*run, "/usr/sbin/haproxy", "-db", "-f", "/config/haproxy.cfg")

    @property
    def url(self) -> str:
        """Where the host reaches the proxy: at its address on the gateway bridge."""
        network = docker("network", "inspect", "docker_gwbridge", "--format", "{{json .Containers}}")
        identity = docker("inspect", self.name, "--format", "{{.Id}}")
        address = network.partition(identity)[2].partition('"IPv4Address":"')[2].partition("/")[0]
        return f"http://{address}:8080/"

    def update(self, version: str) -> None:
        docker("service", "update", "--no-resolve-image", "--image", f"hello:{version}", "--detach", self.name)

    def roll_back(self) -> None:
        docker("service", "rollback", "--detach", self.name)

    def await_state(self, state: str) -> None:
        self._until(lambda: self._state() == state, state)

    def _state(self) -> str:
        template = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
        return docker("service", "inspect", self.name, "--format", template)

    def _running(self, version: str) -> int:
        states = docker("service", "ps", self.name, "--format", "{{.Image}} {{.CurrentState}}").splitlines()
        return sum(line.startswith(f"hello:{version} Running") for line in states)

    def _until(self, holds: Callable[[], bool], what: str, *, seconds: float = 90.0) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"swarm: {what}: not within {seconds:.0f} s")
            time.sleep(0.1)

    def close(self) -> None:
        for command in (("rm", "--force", self.name), ("service", "rm", self.name)):
            subprocess.run(["docker", *command], capture_output=True, check=False, timeout=60)
        for _ in range(30):  # the network is free only when the last task has left it
            if not subprocess.run(
                ["docker", "network", "rm", self.name], capture_output=True, check=False, timeout=60
            ).returncode:
                break
            time.sleep(0.5)
        if self._is_ours:
            subprocess.run(["docker", "swarm", "leave", "--force"], capture_output=True, check=False, timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)
