"""What the demonstration stands on: a gate, a proxy, a portal without pages in a process of its own, and a load."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portal import wiring
from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.container import Container
from portal.domain.environment import Environment, Stage
from portal.domain.rollout import Action, Rollout, State
from portal.domain.service import Service
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder
from portal.settings import Settings
from portal.store import routing

ROOT = Path(__file__).resolve().parent.parent
ALICE = Actor("alice", grants=(Grant(Role.RELEASE_MANAGER),))
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER),))
DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")


@dataclass(frozen=True, slots=True)
class Answer:
    """One request as its client saw it. `status` 0: no answer."""

    at: float
    version: str
    status: int
    ms: float
    wrong: str

    @property
    def is_lost(self) -> bool:
        """It failed, and not because the version itself answered so."""
        return self.status == 0 or (self.status >= 500 and self.version == "-")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stand:
    """Everything the acts need; `close` ends it and removes what was made."""

    def __init__(self, *, rate: float, engine: str = "/var/run/docker.sock") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cfp-"))
        self.port = free_port()
        self.rate = rate
        self._third = os.getpid() % 200 + 20
        self.environment = {
            **os.environ,
            "PORTAL_DATA": str(self.folder),
            "PORTAL_PROXY_BIND": f"127.0.0.1:{self.port}",
            "PORTAL_NETWORK": f"cfp-demo-{self._third}",
            "PORTAL_SUBNET": f"172.29.{self._third}.0/24",
            "PORTAL_ENGINE": "docker",
        }
        gate = [sys.executable, "-m", "portal.gate", "--engine", engine, "--listen", str(self.folder / "gate.sock")]
        self._gate = self._begin([*gate, "--with-parent"], "gate")
        self.await_((self.folder / "gate.sock").is_socket, "the gate", seconds=15)
        self.core = wiring.build(Settings.from_environment(self.environment))
        self.worker = self.start_worker()
        self._load: subprocess.Popen[bytes] | None = None

    def _begin(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def await_(self, holds: Callable[[], bool], what: str, *, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {seconds:.0f} s")
            time.sleep(0.01)

    def start_worker(self) -> subprocess.Popen[bytes]:
        self.worker = self._begin([sys.executable, "-m", "benchmarks.demo_worker"], "worker")
        self.await_(lambda: self.core.traffic.observe().is_alive, "the proxy", seconds=30)
        return self.worker

    def kill_worker(self) -> None:
        self.worker.send_signal(signal.SIGKILL)
        self.worker.wait()

    def furnish(self) -> None:
        """`hello` at 1.0.0 in production with three containers, four versions released, and the load on."""
        self.core.catalogue.save_service(SYSTEM, Service("hello", "hello"))
        self.core.catalogue.save_environment(SYSTEM, Environment("prod", Stage.PROD, 1, replicas=3))
        for version in VERSIONS:
            self.core.releases.create(SYSTEM, "hello", version, image=f"hello:{version}")
        self.until(self.start("1.0.0", "strategy: blue-green"), State.SUCCEEDED)
        command = [sys.executable, "docs/examples/hello/load.py", f"http://127.0.0.1:{self.port}/"]
        self._load = self._begin([*command, "--rate", str(self.rate), "--record", str(self.folder / "answers")], "load")

    def start(self, version: str, plan: str) -> Rollout:
        return self.core.rollouts.start(BOB, RolloutOrder("hello", "prod", version, "demonstration", plan))

    def act(self, rollout: Rollout, action: Action, actor: Actor) -> float:
        """Do it, and the moment of the decision."""
        shown = self.core.views.view(actor, rollout.id).evidence_hash
        at = time.time()
        self.core.rollouts.act(actor, rollout.id, action, request=ActionRequest("demonstration", evidence_hash=shown))
        return at

    def now(self, rollout: Rollout) -> Rollout:
        return self.core.rollouts.rollout(SYSTEM, rollout.id)

    def until(self, rollout: Rollout, *states: State, seconds: float = 180.0) -> Rollout:
        self.await_(lambda: self._is_there(rollout, states), f"rollout {rollout.id}", seconds=seconds)
        return self.now(rollout)

    def _is_there(self, rollout: Rollout, states: tuple[State, ...]) -> bool:
        now = self.now(rollout)
        return now.state in states or now.state.is_over

    def version(self) -> str:
        return next(d.version for d in self.core.deployments.all(SYSTEM))

    def containers(self) -> list[Container]:
        """Those of this stand; other portals may be at work on the same engine."""
        with self.core.database.reading() as session:
            own = {replica.name for replica in routing.replicas(session)}
        return [container for container in self.core.containers.list() if container.name in own]

    def moment(self) -> float:
        return time.time()

    def answers(self, since: float) -> list[Answer]:
        lines = (self.folder / "answers").read_text("ascii").splitlines() if self._load else []
        parts = [line.split(" ", 4) for line in lines]
        every = [Answer(float(p[0]), p[1], int(p[2]), float(p[3]), p[4]) for p in parts if len(p) == 5]
        return [answer for answer in every if answer.at >= since]

    def reload_proxy(self, times: int = 3) -> int:
        """Ask HAProxy's master for a reload, again and again, with a second of traffic in between."""
        for _ in range(times):
            with socket.socket(socket.AF_UNIX) as master:
                master.settimeout(10)
                master.connect(str(self.folder / "proxy" / "master.sock"))
                master.sendall(b"reload\n")
                master.shutdown(socket.SHUT_WR)
                while master.recv(4096):
                    pass
            since = time.time()
            self.await_(lambda since=since: len(self.answers(since)) > self.rate, "answers after a reload", seconds=30)
        return times

    def close(self) -> None:
        """The load ends first, the portal last; then containers, network and folder go."""
        for process in (self._load, self.worker):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(30)
        for container in self.containers():
            self.core.containers.remove(container.name)
        for attendant in self.core.parts.attendants:
            attendant.end()
        self._gate.terminate()
        self._gate.wait(15)
        network = self.environment["PORTAL_NETWORK"]
        subprocess.run(["docker", "network", "rm", network], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
