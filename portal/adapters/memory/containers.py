"""The port `containers` in memory: part of the product, for tests and for a demonstration without an engine."""

from __future__ import annotations

import ipaddress
import math
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event

from portal.adapters.memory import archives, programs
from portal.adapters.memory.host import MemoryHost
from portal.adapters.memory.world import Behaviour, MemoryWorld, WorldContainer
from portal.domain.container import (
    LABEL_ADDRESS,
    LABEL_FINGERPRINT,
    LABEL_LIVE,
    LABEL_MANAGED,
    Container,
    ContainerEvent,
    ContainerLogLine,
    ContainerSpec,
    ContainerState,
    ContainerStats,
    EngineFacts,
    FileMount,
    Image,
    Limits,
    MemoryFiles,
    Network,
    fingerprint,
    without_live_content,
)
from portal.domain.engine import ContainerDetails, Execution, Mount
from portal.domain.errors import Conflict, NotFound, Refused, Unavailable

LOOK_SECONDS = 0.5
WAVE_SECONDS = 11.0  # how long the use of the processor takes to swing up and down, so that a picture of it moves


class MemoryContainers:
    """Implements `portal.ports.containers.Containers` on a `MemoryWorld`; safe to use from several threads."""

    def __init__(self, world: MemoryWorld) -> None:
        self.world = world
        self.host = MemoryHost(world)

    def about(self) -> EngineFacts:
        with self.world.engine():
            return EngineFacts("memory", "1", "1", is_demonstration=True)

    def image(self, reference: str) -> Image:
        with self.world.engine():
            return self._image(reference)

    def _image(self, reference: str) -> Image:
        found = self.world.find_image(reference)
        if found is None:
            raise NotFound("image_missing", image=reference)
        return found

    def images(self) -> tuple[Image, ...]:
        with self.world.engine():
            return tuple(self.world.images.values())

    def pull(self, reference: str) -> Image:
        with self.world.engine(writes=True):
            behaviour = self.world.remote.get(reference)
            if behaviour is None:
                raise Unavailable("image_pull_failed", image=reference, reason="no registry has it")
            return self.world.add_image(reference, behaviour)

    def load(self, archive: bytes) -> tuple[Image, ...]:
        with self.world.engine(writes=True):
            return tuple(self._keep(image) for image in archives.images(archive))

    def _keep(self, image: Image) -> Image:
        """An image that is known already acts as before."""
        known = self.world.behaviours.get(image.id)
        return self.world.keep_image(image, known or Behaviour(user=image.user))

    def ensure_network(self, network: Network) -> Network:
        with self.world.engine():
            found = self.world.networks.get(network.name) or self._add_network(network)
            if found.subnet != network.subnet:
                raise Conflict("network_differs", name=network.name, subnet=found.subnet, wanted=network.subnet)
            return found

    def _add_network(self, network: Network) -> Network:
        subnet = ipaddress.IPv4Network(network.subnet)
        if any(subnet.overlaps(ipaddress.IPv4Network(other.subnet)) for other in self.world.networks.values()):
            raise Conflict("network_overlaps", name=network.name, subnet=network.subnet)
        upper = str(list(subnet.subnets(prefixlen_diff=1))[1])
        made = replace(network, dynamic_range=network.dynamic_range or upper)
        self.world.networks[network.name] = made
        return made

    def create(self, spec: ContainerSpec) -> Container:
        with self.world.engine(writes=True):
            known = self.world.containers.get(spec.name)
            if known is None:
                known = self._add(spec)
            elif without_live_content(known.asked) != without_live_content(replace(spec, limits=known.asked.limits)):
                raise Conflict("container_differs", name=spec.name)
            return known.report(self.world.clock.now())

    def _add(self, spec: ContainerSpec) -> WorldContainer:
        image = self._image(spec.image)
        if spec.network and spec.network not in self.world.networks:
            raise NotFound("network_missing", name=spec.network)
        made = WorldContainer(
            id=self.world.next_id(),
            asked=spec,
            spec=replace(spec, labels=_labels(spec)),
            image=image,
            behaviour=self.world.behaviours[image.id],
            address=self._address(spec),
            created_at=self.world.clock.now(),
        )
        self.world.containers[spec.name] = made
        for mount in (each for each in spec.volumes if not each.is_in_memory):
            self.world.volumes.setdefault(mount.volume, made.created_at)
        self.world.tell(made, "create")
        return made

    def _address(self, spec: ContainerSpec) -> str:
        taken = {other.address for other in self.world.containers.values()}
        if spec.address:
            if spec.address in taken:
                raise Conflict("address_taken", address=spec.address)
            return spec.address
        if not spec.network:
            return ""
        free = ipaddress.IPv4Network(self.world.networks[spec.network].dynamic_range).hosts()
        return next(address for host in free if (address := str(host)) not in taken)

    def start(self, name: str) -> None:
        with self.world.engine():
            self._start(self.world.container(name))

    def _start(self, container: WorldContainer) -> None:
        now = self.world.clock.now()
        if container.life(now)[0] not in (ContainerState.CREATED, ContainerState.EXITED):
            return
        container.started_at, container.stopped_at, container.exit_code = now, None, None
        container.restarts_told, container.is_oom_killed, container.is_paused = 0, False, False
        self.world.tell(container, "start")
        self.world.write_log(container.name, container.behaviour.greeting)

    def restart(self, name: str, *, grace_seconds: int = 10) -> None:
        with self.world.engine():
            container = self.world.container(name)
            self.world.end(container, 0)
            self._start(container)

    def rewrite_file(self, name: str, file: FileMount) -> None:
        with self.world.engine():
            container = self._running(name)
            if container.spec.labels.get(LABEL_LIVE) != posixpath.dirname(file.target):
                raise Refused("live_file_refused", name=name, reason="not in the folder of its live files")
            others = tuple(known for known in container.spec.files if known.target != file.target)
            container.spec = replace(container.spec, files=(*others, file))

    def signal(self, name: str, signal: str) -> None:
        with self.world.engine():
            container = self._running(name)
            if signal in ("KILL", "SIGKILL"):
                self.world.end(container, 137)
            else:
                self.world.write_log(container.name, f"received {signal}")

    def _running(self, name: str) -> WorldContainer:
        container = self.world.container(name)
        if container.life(self.world.clock.now())[0] is not ContainerState.RUNNING:
            raise Refused("container_not_running", name=name)
        return container

    def stop(self, name: str, *, grace_seconds: int = 10) -> None:
        with self.world.engine():
            if container := self.world.containers.get(name):
                self.world.end(container, 0)

    def limit(self, name: str, limits: Limits) -> None:
        with self.world.engine():
            container = self.world.container(name)
            if limits.memory_bytes < container.behaviour.memory_bytes:
                raise Refused("limits_refused", name=name, reason="it uses more memory than that")
            kept = container.spec.limits
            changed = replace(kept, cpu_cores=limits.cpu_cores, memory_bytes=limits.memory_bytes)
            container.spec = replace(container.spec, limits=changed)

    def remove(self, name: str) -> None:
        with self.world.engine():
            if container := self.world.containers.pop(name, None):
                self.world.end(container, 137)
                self.world.tell(container, "destroy")

    def inspect(self, name: str) -> Container:
        with self.world.engine():
            return self.world.container(name).report(self.world.clock.now())

    def details(self, name: str) -> ContainerDetails:
        with self.world.engine():
            return _details(self.world.container(name), self.world.clock.now())

    def census(self) -> tuple[ContainerDetails, ...]:
        with self.world.engine():
            now = self.world.clock.now()
            managed = (c for c in self.world.containers.values() if LABEL_MANAGED in c.spec.labels)
            return tuple(_details(container, now) for container in managed)

    def execute(
        self, name: str, command: Sequence[str], *, timeout_seconds: float = 30.0, output_bytes: int = 262_144
    ) -> Execution:
        with self.world.engine():
            container = self._running(name)
            code, printed = programs.run(container, command, held=self.world.held)
        whole = "\n".join(printed)
        kept = whole[:output_bytes]
        lines = tuple(ContainerLogLine(None, "stdout", text) for text in kept.split("\n") if kept)
        return Execution(tuple(command), code, lines, is_cut=len(kept) < len(whole))

    def hold(self, wanted: MemoryFiles) -> str:
        with self.world.engine(writes=True):
            life = self.world.holders.setdefault(wanted.holder, self.world.next_id()[:12])
            for file in wanted.files:
                folder = file.target.rpartition("/")[0]
                volume = next(mount.volume for mount in wanted.volumes if mount.target == folder)
                self.world.held[volume, file.target] = file.content
            return life

    def held_since(self, holder: str) -> str:
        with self.world.engine():
            if holder not in self.world.holders:
                raise NotFound("container_missing", name=holder)
            return self.world.holders[holder]

    def let_go(self, holder: str) -> None:
        with self.world.engine(writes=True):
            self.world.holders.pop(holder, None)
            self.world.held = {k: v for k, v in self.world.held.items() if not k[0].startswith(f"{holder}-")}

    def list(self, labels: Mapping[str, str] | None = None) -> tuple[Container, ...]:
        wanted = (labels or {}).items()
        with self.world.engine():
            now = self.world.clock.now()
            return tuple(
                container.report(now)
                for container in self.world.containers.values()
                if wanted <= container.spec.labels.items()
            )

    def logs(self, name: str, *, tail: int = 200, since: datetime | None = None) -> tuple[ContainerLogLine, ...]:
        with self.world.engine():
            lines = _since(self.world.container(name).lines, since)
            return lines[-tail:] if tail else ()

    def follow_logs(self, name: str, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerLogLine]:
        told = 0
        while not stop.is_set():
            with self.world.engine():
                container = self.world.container(name)
                fresh, told = container.lines_after(told)
                is_over = container.life(self.world.clock.now())[0] is ContainerState.EXITED
            yield from _since(fresh, since)
            if is_over:
                return
            self.world.wait(LOOK_SECONDS)

    def stats(self, name: str) -> ContainerStats:
        with self.world.engine():
            container, now = self.world.container(name), self.world.clock.now()
            is_up = container.life(now)[0] is ContainerState.RUNNING
            memory, pids = (container.behaviour.memory_bytes, 1) if is_up else (None, None)
            cpu = _wave(container, now) if is_up else None
            return ContainerStats(now, cpu, memory, container.spec.limits.memory_bytes, pids, None, None)

    def events(self, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerEvent]:
        told = 0 if since else self.world.events_told
        while not stop.is_set():
            with self.world.engine():
                self.world.tick()
                fresh, told = self.world.events_after(told)
            yield from (event for event in fresh if since is None or event.at >= since)
            self.world.wait(LOOK_SECONDS)


def _labels(spec: ContainerSpec) -> dict[str, str]:
    forced = {LABEL_MANAGED: "1", LABEL_FINGERPRINT: fingerprint(spec)}
    return {**spec.labels, **forced, **({LABEL_ADDRESS: spec.address} if spec.address else {})}


def _details(container: WorldContainer, now: datetime) -> ContainerDetails:
    spec, report = container.spec, container.report(now)
    return ContainerDetails(
        container=report,
        created_at=container.created_at,
        command=spec.command,
        user=spec.user or container.image.user,
        environment=dict(spec.environment),
        mounts=tuple(Mount("volume", v.volume, v.target, v.is_read_only) for v in spec.volumes),
        limits=spec.limits,
        restart_policy=f"on-failure:{spec.restart_attempts}" if spec.restart_attempts else "no",
        is_root_read_only=spec.is_root_read_only,
        document=_document(container, report),
    )


def _since(lines: Iterable[ContainerLogLine], since: datetime | None) -> tuple[ContainerLogLine, ...]:
    return tuple(line for line in lines if since is None or line.at is None or line.at >= since)


def _wave(container: WorldContainer, now: datetime) -> float:
    """Around what the image's processes use; each container in a rhythm of its own."""
    turn = now.timestamp() / WAVE_SECONDS + int(container.id[:4], 16)
    return round(container.behaviour.cpu_percent * (1.0 + 0.4 * math.sin(turn * math.tau)), 2)


def _document(container: WorldContainer, report: Container) -> dict[str, object]:
    """In the form that engines give."""
    spec = container.spec
    return {
        "Id": container.id,
        "Name": f"/{container.name}",
        "Created": container.created_at.isoformat(),
        "Image": container.image.id,
        "State": {"Status": str(report.state), "ExitCode": report.exit_code, "OOMKilled": report.is_oom_killed},
        "RestartCount": report.restart_count,
        "Config": {
            "Cmd": list(spec.command),
            "Env": [f"{name}={value}" for name, value in spec.environment.items()],
            "Labels": dict(spec.labels),
            "User": spec.user,
        },
        "HostConfig": {"Memory": spec.limits.memory_bytes, "ReadonlyRootfs": spec.is_root_read_only},
        "NetworkSettings": {"Networks": {spec.network: {"IPAddress": report.address}} if spec.network else {}},
    }
