"""What a crash trial stands on: an engine and a proxy that outlive the workers, a load, and a look at what is true."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from portal.adapters.haproxy.process import HAProxyProcess
from portal.adapters.haproxy.traffic import HAProxyTraffic
from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.container import LABEL_SERVICE, LABEL_VERSION, Network
from portal.domain.environment import Environment, Stage
from portal.domain.errors import PortalError
from portal.domain.rollout import Action, Rollout
from portal.domain.route import ServerState, Slot
from portal.domain.service import Service
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder
from portal.store import operations, routing
from portal.store.database import Database
from portal.store.migrate import migrate
from tests.crash_kit.engine import IMAGES, DistantContainers
from tests.crash_kit.load import Load
from tests.crash_kit.worker import Place, containers_at, core_at, work

ROOT = Path(__file__).resolve().parents[2]
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER),))
DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
SERVICE, ENVIRONMENT = f"crash-{os.getpid()}", "prod"  # another trial may use the same engine
TARGET = f"{SERVICE}@{ENVIRONMENT}"
START_SECONDS = 20
DOCKER_SOCKET = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_(holds: Callable[[], object], what: str, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


class Shares:
    """The candidate's share as the running proxy has it, looked at again and again: (time, share) at each change."""

    def __init__(self, traffic: HAProxyTraffic) -> None:
        self._traffic = traffic
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.green: list[tuple[float, int]] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._halt.set()
        self._thread.join(10)

    def since(self, at: float, slot: Slot) -> list[tuple[float, int]]:
        """From the last change before `at` on."""
        first = max((i for i, (when, _) in enumerate(self.green) if when <= at), default=0)
        return [(when, green if slot is Slot.GREEN else 100 - green) for when, green in self.green[first:]]

    def _run(self) -> None:
        while not self._halt.wait(0.01):
            green = self._traffic.observe().green_percent(TARGET)
            if green is not None and (not self.green or self.green[-1][1] != green):
                self.green.append((time.time(), green))


class CrashStand:
    """`url` empty: SQLite in the folder. The core of this process is what pages and API are: it asks, and works on
    nothing."""

    replicas = 2

    def __init__(self, folder: Path, *, url: str = "") -> None:
        self.place = self.place_at(folder, url or f"sqlite:///{folder}/portal.db")
        self._engine = self._start_engine()
        fresh = Database(self.place.url)
        migrate(fresh)
        fresh.close()
        self.core = core_at(self.place, has_log=False)
        self.containers = containers_at(self.place)
        traffic = self.core.traffic
        assert isinstance(traffic, HAProxyTraffic)
        traffic.prepare()
        self._proxy = HAProxyProcess(self.place.proxy)
        self._proxy.start()
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["portal.wiring", "tests.crash_kit.worker"])
        self.shares = Shares(traffic)
        self.load = Load(self.place.proxy_port)
        self.workers: list[ForkServerProcess] = []

    def place_at(self, folder: Path, url: str) -> Place:
        return Place(url, folder, free_port())

    def repeated(self) -> list[str]:
        """What was done to a container more than once."""
        assert isinstance(self.containers, DistantContainers)
        return [f"{times} times: {what}" for what, times in self.containers.repeated().items()]

    def _start_engine(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.crash_kit.engine", self.place.engine]
        started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        return started

    def furnish(self) -> None:
        """`hello` runs at 1.0.0 with two containers, behind the proxy, under load."""
        self.core.catalogue.save_service(SYSTEM, Service(SERVICE, "hello"))
        self.core.catalogue.save_environment(SYSTEM, Environment(ENVIRONMENT, Stage.PROD, 1, replicas=self.replicas))
        for reference in IMAGES:
            self.core.releases.create(SYSTEM, SERVICE, reference.partition(":")[2], image=reference)
        worker = self.start_worker("")
        first = self.start("1.0.0", "strategy: blue-green")
        await_(lambda: self.now(first).state.is_over, "the first deployment", seconds=30)
        self.end(worker)
        self.load.start()
        self.shares.start()

    def start_worker(self, armed: str, *, has_log: bool = True) -> ForkServerProcess:
        worker = self._processes.Process(target=work, args=(self.place, armed, has_log), daemon=True)
        worker.start()
        self.workers = [w for w in self.workers if w.is_alive()] + [worker]
        return worker

    def end(self, worker: ForkServerProcess) -> None:
        """In an orderly way."""
        worker.terminate()
        worker.join(START_SECONDS)
        if worker.is_alive():
            worker.kill()
            worker.join()
            raise TimeoutError("a worker did not end when asked to")

    def start(self, version: str, plan: object) -> Rollout:
        return self.core.rollouts.start(BOB, RolloutOrder(SERVICE, ENVIRONMENT, version, "crash trial", plan))

    def abort(self, rollout: Rollout) -> float | None:
        """When it was accepted; None if it was refused because it made no sense any more."""
        try:
            self.core.rollouts.act(DAVE, rollout.id, Action.ABORT, request=ActionRequest("crash trial"))
        except PortalError:
            return None
        return time.time()

    def now(self, rollout: Rollout) -> Rollout:
        return self.core.rollouts.rollout(SYSTEM, rollout.id)

    def deployed(self) -> str:
        return next(d.version for d in self.core.deployments.all(SYSTEM))

    def wrongs(self, rollout: Rollout, version: str) -> list[str]:
        """Everything that is not as it should be once a rollout is over and `version` should run."""
        wrong = self.repeated() + self._wrong_world(version) + self._wrong_traffic(rollout)
        if self.deployed() != version:
            wrong.append(f"deployed is {self.deployed()}, not {version}")
        if not self.core.audit.verify(SYSTEM).is_intact:
            wrong.append("the audit trail does not hold together")
        with self.core.database.reading() as session:
            if operations.lock_holder(session, TARGET) is not None or operations.count(session, is_over=False):
                wrong.append("the operation is not over")
        return wrong

    def has_open_operation(self) -> bool:
        with self.core.database.reading() as session:
            return operations.count(session, is_over=False) > 0

    def _wrong_world(self, version: str) -> list[str]:
        with self.core.database.reading() as session:
            wanted = {r.name: r for r in routing.replicas(session)}
        there = {c.name: c for c in self.containers.list({LABEL_SERVICE: SERVICE})}
        wrong = [f"{name} is wanted and not there" for name in wanted.keys() - there.keys()]
        wrong += [f"{name} is there and belongs to nobody" for name in there.keys() - wanted.keys()]
        for name in wanted.keys() & there.keys():
            container = there[name]
            is_right = container.is_running and container.labels[LABEL_VERSION] == version == wanted[name].version
            if not is_right or container.address != wanted[name].address:
                wrong.append(f"{name}: {container.state} at {container.address}, {container.labels[LABEL_VERSION]}")
        if len(there) != self.replicas:
            wrong.append(f"{len(there)} containers")
        return wrong

    def _wrong_traffic(self, rollout: Rollout) -> list[str]:
        live = self.core.traffic.observe()
        with self.core.database.reading() as session:
            route = routing.table(session).route(TARGET)
        assert route is not None
        stable = {s.name for s in route.servers(route.stable_slot)}
        up = {s.name for s in live.servers if s.state is ServerState.UP}
        wrong = [] if up == stable else [f"servers up {sorted(up)}, should be {sorted(stable)}"]
        if route.servers(route.stable_slot.other):
            wrong.append("the other slot has servers")
        if live.green_percent(TARGET) != route.green_percent or route.candidate_percent:
            wrong.append(f"share {live.green_percent(TARGET)} of green, should be {route.green_percent}")
        return wrong

    def close(self) -> None:
        for worker in self.workers:
            if worker.is_alive() and worker.pid:
                os.kill(worker.pid, signal.SIGCONT)
                worker.kill()
                worker.join()
        self.load.stop()
        self.shares.stop()
        self._proxy.stop(grace_seconds=0.2)
        self._engine.kill()
        self._engine.wait()
        if self._engine.stdout:
            self._engine.stdout.close()
        self.core.database.close()


class DockerStand(CrashStand):
    """The same on a real engine behind a gate, with the sample service's images; what was done twice is in the engine's
    own events."""

    def __init__(self, folder: Path, *, url: str = "") -> None:
        self.begun = datetime.now(UTC)
        super().__init__(folder, url=url)
        self.load = Load(self.place.proxy_port, posts=0.0)  # the sample service has none

    def place_at(self, folder: Path, url: str) -> Place:
        third = os.getpid() % 200 + 20
        network = Network(f"crash-{os.getpid()}", f"172.27.{third}.0/24", f"172.27.{third}.128/25")
        return Place(url, folder, free_port(), is_engine_real=True, network=network)

    def _start_engine(self) -> subprocess.Popen[bytes]:
        gate = [sys.executable, "-m", "portal.gate", "--engine", DOCKER_SOCKET, "--listen", self.place.engine]
        with (self.place.folder / "gate.log").open("wb") as log:
            started = subprocess.Popen(gate, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        await_(lambda: Path(self.place.engine).is_socket(), "the gate", seconds=START_SECONDS)
        return started

    def repeated(self) -> list[str]:
        command = ["docker", "events", "--since", str(self.begun.timestamp()), "--until", str(time.time())]
        command += [
            "--filter",
            f"label={LABEL_SERVICE}={SERVICE}",
            "--format",
            "{{.Action}} {{.Actor.Attributes.name}}",
        ]
        lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split("\n")
        told = Counter(line for line in lines if line.startswith(("create ", "start ", "destroy ")))
        return [f"{times} times: {what}" for what, times in told.items() if times > 1]

    def close(self) -> None:
        for worker in self.workers:
            if worker.is_alive():
                worker.kill()
        for container in self.containers.list({LABEL_SERVICE: SERVICE}):
            self.containers.remove(container.name)
        subprocess.run(["docker", "network", "rm", self.place.network.name], capture_output=True, check=False)
        super().close()


@contextmanager
def crash_stand(kind: type[CrashStand] = CrashStand, *, url: str = "") -> Iterator[CrashStand]:
    """In memory where there is such a folder: what is killed is the process, not the machine."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="cfp-", dir=memory if memory.is_dir() else None))
    stand = kind(folder, url=url)
    try:
        stand.furnish()
        yield stand
    finally:
        stand.close()
        shutil.rmtree(folder, ignore_errors=True)
