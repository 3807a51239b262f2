"""The port `containers` in memory: part of the product, for tests and for a demonstration without an engine."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Event

from portal.adapters.memory import archives
from portal.adapters.memory.world import Behaviour, MemoryWorld, WorldContainer
from portal.domain.container import (
    LABEL_MANAGED,
    Container,
    ContainerEvent,
    ContainerLogLine,
    ContainerSpec,
    ContainerState,
    ContainerStats,
    EngineFacts,
    Image,
    Network,
)
from portal.domain.errors import Conflict, NotFound, Unavailable

LOOK_SECONDS = 0.5


class MemoryContainers:
    """Implements `portal.ports.containers.Containers` on a `MemoryWorld`; safe to use from several threads."""

    def __init__(self, world: MemoryWorld) -> None:
        self.world = world

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
            elif known.asked != spec:
                raise Conflict("container_differs", name=spec.name)
            return known.report(self.world.clock.now())

    def _add(self, spec: ContainerSpec) -> WorldContainer:
        image = self._image(spec.image)
        if spec.network and spec.network not in self.world.networks:
            raise NotFound("network_missing", name=spec.network)
        made = WorldContainer(
            id=self.world.next_id(),
            asked=spec,
            spec=replace(spec, labels={**spec.labels, LABEL_MANAGED: "1"}),
            image=image,
            behaviour=self.world.behaviours[image.id],
            address=self._address(spec),
            created_at=self.world.clock.now(),
        )
        self.world.containers[spec.name] = made
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
            container, now = self.world.container(name), self.world.clock.now()
            if container.life(now)[0] not in (ContainerState.CREATED, ContainerState.EXITED):
                return
            container.started_at, container.stopped_at, container.exit_code = now, None, None
            container.restarts_told, container.is_oom_killed = 0, False
            self.world.tell(container, "start")
            self.world.write_log(name, container.behaviour.greeting)

    def stop(self, name: str, *, grace_seconds: int = 10) -> None:
        with self.world.engine():
            if container := self.world.containers.get(name):
                self.world.end(container, 0)

    def remove(self, name: str) -> None:
        with self.world.engine():
            if container := self.world.containers.pop(name, None):
                self.world.end(container, 137)
                self.world.tell(container, "destroy")

    def inspect(self, name: str) -> Container:
        with self.world.engine():
            return self.world.container(name).report(self.world.clock.now())

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
            return ContainerStats(now, None, memory, container.spec.limits.memory_bytes, pids, None, None)

    def events(self, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerEvent]:
        told = 0 if since else self.world.events_told
        while not stop.is_set():
            with self.world.engine():
                self.world.tick()
                fresh, told = self.world.events_after(told)
            yield from (event for event in fresh if since is None or event.at >= since)
            self.world.wait(LOOK_SECONDS)


def _since(lines: Iterable[ContainerLogLine], since: datetime | None) -> tuple[ContainerLogLine, ...]:
    return tuple(line for line in lines if since is None or line.at is None or line.at >= since)
