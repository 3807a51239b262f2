"""A small world of images and containers in memory: what the memory engine and the memory proxy both look at."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Condition, RLock
from typing import TypeVar

from portal.domain.container import (
    Container,
    ContainerEvent,
    ContainerHealth,
    ContainerLogLine,
    ContainerSpec,
    ContainerState,
    Image,
    Network,
)
from portal.domain.errors import NotFound, Unavailable
from portal.ports.clock import Clock

T = TypeVar("T")
RESTART_DELAY_SECONDS = 1.0
EVENTS_KEPT = 4096
LINES_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the containers of an image act. `crash_after_seconds` is the age at which each life of the process ends.

    `error_rate` is the share of requests answered with 500 (0.0 … 1.0), `latency_ms` the median time to first byte.
    Until `start_delay_seconds` after its start a container refuses connections.
    """

    version: str = ""
    error_rate: float = 0.0
    latency_ms: float = 10.0
    start_delay_seconds: float = 0.0
    crash_after_seconds: float | None = None
    is_never_healthy: bool = False
    port: int = 8080
    memory_bytes: int = 20_000_000
    cpu_percent: float = 2.0
    user: str = ""
    greeting: str = "listening"


@dataclass(slots=True)
class WorldContainer:
    """One container of the world: `asked` for so, made as `spec`. It has no `started_at` if it never ran."""

    id: str
    asked: ContainerSpec
    spec: ContainerSpec
    image: Image
    behaviour: Behaviour
    address: str
    created_at: datetime
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    exit_code: int | None = None
    is_oom_killed: bool = False
    is_paused: bool = False
    restarts_told: int = 0
    lines: deque[ContainerLogLine] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    lines_told: int = 0

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def port(self) -> int:
        return self.behaviour.port

    def life(self, now: datetime) -> tuple[ContainerState, int, float]:
        """State, restarts so far, and age of the present life in seconds."""
        if self.started_at is None:
            return ContainerState.CREATED, 0, 0.0
        age = max(0.0, ((self.stopped_at or now) - self.started_at).total_seconds())
        state, restarts, age = self._crashed(age)
        state = ContainerState.PAUSED if self.is_paused and state is ContainerState.RUNNING else state
        return (ContainerState.EXITED if self.stopped_at else state), restarts, age

    def _crashed(self, age: float) -> tuple[ContainerState, int, float]:
        length = self.behaviour.crash_after_seconds
        if length is None:
            return ContainerState.RUNNING, 0, age
        lives, age = divmod(age, length + RESTART_DELAY_SECONDS)
        if lives > self.spec.restart_attempts or (lives == self.spec.restart_attempts and age >= length):
            return ContainerState.EXITED, self.spec.restart_attempts, 0.0
        return (ContainerState.RUNNING if age < length else ContainerState.RESTARTING), int(lives), age

    def print_line(self, line: ContainerLogLine) -> None:
        self.lines.append(line)
        self.lines_told += 1

    def lines_after(self, told: int) -> tuple[tuple[ContainerLogLine, ...], int]:
        """The lines after the first `told` that are still kept, and how many there have been."""
        return _newest(self.lines, self.lines_told - told), self.lines_told

    def is_answering(self, now: datetime) -> bool:
        """Whether it accepts connections on its port."""
        state, _, age = self.life(now)
        return state is ContainerState.RUNNING and age >= self.behaviour.start_delay_seconds

    def is_passing_checks(self, now: datetime) -> bool:
        """Whether its health endpoint answers 200."""
        return self.is_answering(now) and not self.behaviour.is_never_healthy

    def health(self, now: datetime) -> ContainerHealth:
        command = self.spec.health
        if command is None:
            return ContainerHealth.NONE
        if self.is_passing_checks(now):
            return ContainerHealth.HEALTHY
        state, _, age = self.life(now)
        limit = command.start_seconds + command.interval_seconds * command.retries
        is_late = state is ContainerState.RUNNING and age >= limit
        return ContainerHealth.UNHEALTHY if is_late else ContainerHealth.STARTING

    def report(self, now: datetime) -> Container:
        state, restarts, age = self.life(now)
        is_up = state is ContainerState.RUNNING
        return Container(
            id=self.id,
            name=self.name,
            image=self.image.id,
            state=state,
            health=self.health(now),
            labels=dict(self.spec.labels),
            address=self.address if is_up else self.spec.address,
            started_at=now - timedelta(seconds=age) if is_up else self.started_at,
            restart_count=restarts,
            is_oom_killed=self.is_oom_killed,
            exit_code=self._exit_code(state),
            created_at=self.created_at,
            networks=(self.spec.network,) if self.spec.network else (),
            volumes=tuple(mount.volume for mount in self.spec.volumes),
        )

    def _exit_code(self, state: ContainerState) -> int | None:
        if state in (ContainerState.RUNNING, ContainerState.CREATED):
            return None
        return 1 if self.exit_code is None else self.exit_code


class MemoryWorld:
    """Images, containers and networks under one lock, moved by the clock it is given, with switches for mishaps.

    Nothing in it is random: what a container does follows from its behaviour, its start and the clock. Whoever moves a
    clock by hand calls `tick` so that waiting readers look again.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = RLock()
        self.changed = Condition(self.lock)
        self.images: dict[str, Image] = {}
        self.behaviours: dict[str, Behaviour] = {}
        self.tags: dict[str, str] = {}
        self.remote: dict[str, Behaviour] = {}
        self.containers: dict[str, WorldContainer] = {}
        self.networks: dict[str, Network] = {}
        self.volumes: dict[str, datetime] = {}
        self.holders: dict[str, str] = {}
        self.held: dict[tuple[str, str], bytes] = {}
        self.events: deque[ContainerEvent] = deque(maxlen=EVENTS_KEPT)
        self.events_told = 0
        self.is_engine_reachable = True
        self.is_disk_full = False
        self._serial = 0

    def add_image(self, reference: str, behaviour: Behaviour) -> Image:
        """An image that is on the host. The same reference and behaviour always give the same id; another behaviour
        gives another image, to which the tag moves."""
        content = hashlib.sha256(f"{reference}\n{behaviour}".encode()).hexdigest()
        image = Image(
            f"sha256:{content}", (reference,), user=behaviour.user, size_bytes=1_000_000, created_at=self.clock.now()
        )
        return self.keep_image(image, behaviour)

    def keep_image(self, image: Image, behaviour: Behaviour) -> Image:
        """Put an image on the host as it is; its tags move to it."""
        with self.lock:
            self.images[image.id] = image
            self.behaviours[image.id] = behaviour
            self.tags.update(dict.fromkeys(image.tags, image.id))
            return image

    def add_remote_image(self, reference: str, behaviour: Behaviour) -> None:
        """An image that a pull can fetch."""
        self.remote[reference] = behaviour

    def find_image(self, reference: str) -> Image | None:
        """By tag, id, or repository digest."""
        identity = self.tags.get(reference, reference)
        return self.images.get(identity) or self.images.get("sha256:" + reference.rpartition("@sha256:")[2])

    def forget_image(self, image: Image) -> None:
        """Away with it and with the tags that lead to it."""
        with self.lock:
            self.images.pop(image.id, None)
            self.behaviours.pop(image.id, None)
            self.tags = {tag: identity for tag, identity in self.tags.items() if identity != image.id}

    def next_id(self) -> str:
        with self.lock:
            self._serial += 1
            return hashlib.sha256(f"container {self._serial}".encode()).hexdigest()

    def container(self, name: str) -> WorldContainer:
        """NotFound("container_missing", name=…)."""
        found = self.containers.get(name)
        if found is None:
            raise NotFound("container_missing", name=name)
        return found

    def at(self, address: str, port: int) -> WorldContainer | None:
        """The running container that holds the address and listens on the port."""
        now = self.clock.now()
        with self.lock:
            for container in self.containers.values():
                is_here = (container.address, container.port) == (address, port)
                if is_here and container.life(now)[0] is ContainerState.RUNNING:
                    return container
        return None

    def tell(self, container: WorldContainer, action: str, *, exit_code: int | None = None) -> None:
        """Write an event and wake its readers."""
        labels = dict(container.spec.labels)
        event = ContainerEvent(self.clock.now(), action, container.id, container.name, labels, exit_code)
        with self.changed:
            self.events.append(event)
            self.events_told += 1
            self.changed.notify_all()

    def events_after(self, told: int) -> tuple[tuple[ContainerEvent, ...], int]:
        """The events after the first `told` that are still kept, and how many there have been."""
        with self.lock:
            return _newest(self.events, self.events_told - told), self.events_told

    def wait(self, timeout_seconds: float) -> None:
        """Until something changed, at most so long."""
        with self.changed:
            self.changed.wait(timeout_seconds)

    def write_log(self, name: str, text: str, *, stream: str = "stdout") -> None:
        """A line as if the container had printed it."""
        with self.changed:
            self.container(name).print_line(ContainerLogLine(self.clock.now(), stream, text))
            self.changed.notify_all()

    def tick(self) -> None:
        """Tell what the clock has brought about since the last look: crashes, restarts, giving up."""
        with self.changed:
            for container in self.containers.values():
                self._tell_crashes(container)
            self.changed.notify_all()

    def _tell_crashes(self, container: WorldContainer) -> None:
        if container.behaviour.crash_after_seconds is None or container.started_at is None or container.stopped_at:
            return
        state, restarts, _ = container.life(self.clock.now())
        deaths = restarts + (state is not ContainerState.RUNNING)
        while container.restarts_told < deaths:
            container.restarts_told += 1
            self.tell(container, "die", exit_code=1)
            if container.restarts_told <= restarts:
                self.tell(container, "start")

    def end(self, container: WorldContainer, exit_code: int, *, is_oom: bool = False) -> None:
        """Its process is over, for good."""
        with self.lock:
            if container.life(self.clock.now())[0] in (ContainerState.CREATED, ContainerState.EXITED):
                return
            container.stopped_at, container.exit_code, container.is_oom_killed = self.clock.now(), exit_code, is_oom
            if is_oom:
                self.tell(container, "oom")
            self.tell(container, "die", exit_code=exit_code)

    def kill(self, name: str) -> None:
        """A mishap: the container is killed from outside and stays down."""
        self.end(self.container(name), 137)

    def exhaust_memory(self, name: str) -> None:
        """A mishap: the kernel kills the container for its memory and it stays down."""
        self.end(self.container(name), 137, is_oom=True)

    def alter(self, name: str, **changes: object) -> None:
        """Change how one container behaves from now on, by field of `Behaviour`."""
        with self.changed:
            container = self.container(name)
            container.behaviour = replace(container.behaviour, **changes)
            self.changed.notify_all()

    def tamper(self, name: str, *, image: Image | None = None, is_paused: bool = False, **changes: object) -> None:
        """A hand that does not know of the portal: another image, a pause, or fields of the specification."""
        with self.changed:
            container = self.container(name)
            container.spec = replace(container.spec, **changes)
            container.image, container.is_paused = image or container.image, is_paused
            self.tell(container, "update")

    def cut_engine(self) -> None:
        """A mishap: the engine stops answering; its containers go on."""
        with self.changed:
            self.is_engine_reachable = False
            self.changed.notify_all()

    def restore_engine(self) -> None:
        with self.changed:
            self.is_engine_reachable = True
            self.changed.notify_all()

    def fill_disk(self) -> None:
        """A mishap: nothing can be created, pulled or loaded any more."""
        self.is_disk_full = True

    def free_disk(self) -> None:
        self.is_disk_full = False

    @contextmanager
    def engine(self, *, writes: bool = False) -> Generator[None]:
        """The lock of the world, if its engine answers. Unavailable("engine_unreachable" | "engine_disk_full")."""
        with self.lock:
            if not self.is_engine_reachable:
                raise Unavailable("engine_unreachable", reason="switched off")
            if writes and self.is_disk_full:
                raise Unavailable("engine_disk_full", reason="no space left on device")
            yield


def _newest(kept: deque[T], count: int) -> tuple[T, ...]:
    return tuple(kept)[-count:] if count > 0 else ()
