"""What the portal asks of a container engine: Docker, Podman, or the one in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from threading import Event
from typing import Protocol

from portal.domain.container import (
    Container,
    ContainerEvent,
    ContainerLogLine,
    ContainerSpec,
    ContainerStats,
    EngineFacts,
    Image,
    Network,
)


class Containers(Protocol):
    """Every call is bounded in time, safe to repeat, and raises only errors of `portal.domain.errors`.

    A container is named by its name. An engine that does not answer raises Unavailable("engine_unreachable"), one that
    cannot do a thing Unsupported("engine_cannot", what=…).
    """

    def about(self) -> EngineFacts: ...

    def image(self, reference: str) -> Image:
        """The image by tag, digest or id. NotFound("image_missing", image=…)."""
        ...

    def images(self) -> tuple[Image, ...]: ...

    def pull(self, reference: str) -> Image:
        """Fetch from a registry and return it. Unavailable("image_pull_failed", image=…, reason=…)."""
        ...

    def load(self, archive: bytes) -> tuple[Image, ...]:
        """Load a `docker save` archive. Invalid("image_archive_bad", reason=…)."""
        ...

    def ensure_network(self, network: Network) -> Network:
        """Create it or return the one there. Conflict("network_differs", …) if it exists with another subnet."""
        ...

    def create(self, spec: ContainerSpec) -> Container:
        """Create, not start. The same specification again returns the same container; another one under the
        same name is Conflict("container_differs", name=…). A taken address is Conflict("address_taken",
        address=…).
        """
        ...

    def start(self, name: str) -> None:
        """Running afterwards; nothing happens if it was. Refused("container_start_failed", name=…, reason=…)."""
        ...

    def stop(self, name: str, *, grace_seconds: int = 10) -> None:
        """TERM, then KILL after the grace. Nothing happens if it was stopped or is absent."""
        ...

    def remove(self, name: str) -> None:
        """Gone afterwards, running or not; nothing happens if it was absent."""
        ...

    def inspect(self, name: str) -> Container:
        """NotFound("container_missing", name=…)."""
        ...

    def list(self, labels: Mapping[str, str] | None = None) -> tuple[Container, ...]:
        """All containers of the portal (stopped ones too) that carry all these labels."""
        ...

    def logs(self, name: str, *, tail: int = 200, since: datetime | None = None) -> tuple[ContainerLogLine, ...]: ...

    def follow_logs(self, name: str, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerLogLine]:
        """Lines as they come, until the container ends or `stop` is set (looked at least once a second)."""
        ...

    def stats(self, name: str) -> ContainerStats: ...

    def events(self, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerEvent]:
        """Events of the portal's containers as they come, health-check executions left out, until `stop` is set."""
        ...
