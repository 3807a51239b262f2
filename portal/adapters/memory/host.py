"""The port `host` in memory: a machine that holds the world's images, volumes and networks."""

from __future__ import annotations

import hashlib

from portal.adapters.memory.world import MemoryWorld
from portal.domain.container import LABEL_MANAGED, ContainerState, Image
from portal.domain.engine import HostFacts, HostNetwork, OtherContainer, Volume
from portal.domain.errors import Conflict

OURS = {LABEL_MANAGED: "1"}


class MemoryHost:
    """Implements `portal.ports.containers.Host` on a `MemoryWorld`."""

    def __init__(self, world: MemoryWorld) -> None:
        self.world = world

    def facts(self) -> HostFacts:
        with self.world.engine():
            now = self.world.clock.now()
            states = [container.life(now)[0] for container in self.world.containers.values()]
            up = sum(state in (ContainerState.RUNNING, ContainerState.RESTARTING) for state in states)
            return HostFacts(
                engine="memory",
                version="1",
                api_version="1",
                name="memory",
                architecture="memory",
                containers_running=up,
                containers_stopped=len(states) - up,
                images=len(self.world.images),
                is_demonstration=True,
            )

    def others(self) -> tuple[OtherContainer, ...] | None:
        """Nobody else is here."""
        return None

    def remove_image(self, image: Image) -> None:
        with self.world.engine(writes=True):
            known = self.world.images.get(image.id)
            if known is None:
                return
            if any(container.image.id == image.id for container in self.world.containers.values()):
                raise Conflict("image_in_use", image=(known.tags or (known.id,))[0])
            self.world.forget_image(known)

    def volumes(self) -> tuple[Volume, ...]:
        with self.world.engine():
            return tuple(Volume(name, created_at=at, labels=OURS) for name, at in self.world.volumes.items())

    def remove_volume(self, name: str) -> None:
        with self.world.engine(writes=True):
            mounts = (mount for each in self.world.containers.values() for mount in each.spec.volumes)
            if any(mount.volume == name for mount in mounts):
                raise Conflict("volume_in_use", name=name)
            self.world.volumes.pop(name, None)

    def networks(self) -> tuple[HostNetwork, ...]:
        with self.world.engine():
            return tuple(
                HostNetwork(network.name, _identity(network.name), subnet=network.subnet, labels=OURS)
                for network in self.world.networks.values()
            )

    def remove_network(self, name: str) -> None:
        with self.world.engine(writes=True):
            if any(container.spec.network == name for container in self.world.containers.values()):
                raise Conflict("network_in_use", name=name)
            self.world.networks.pop(name, None)


def _identity(name: str) -> str:
    return hashlib.sha256(f"network {name}".encode()).hexdigest()


def http_status(address: str, port: int, *, path: str) -> int:
    """No container in memory can be asked over the network: each says that it is well."""
    del address, port, path
    return 200
