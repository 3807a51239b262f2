"""What the portal asks of a container engine: Docker, Podman, or the one in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    FileMount,
    Image,
    Limits,
    MemoryFiles,
    Network,
)
from portal.domain.engine import ContainerDetails, Execution, HostFacts, HostNetwork, OtherContainer, Volume


class Containers(Protocol):
    """Every call is bounded in time, safe to repeat, and raises only errors of `portal.domain.errors`.

    A container is named by its name. An engine that does not answer raises Unavailable("engine_unreachable"), one that
    cannot do a thing Unsupported("engine_cannot", what=…).
    """

    @property
    def host(self) -> Host:
        """The machine behind the engine."""
        ...

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
        """Create, not start. The same specification again returns the same container, also where its bounds of
        processor and memory are others (see `limit`); another one under the same name is
        Conflict("container_differs", name=…). A taken address is Conflict("address_taken",
        address=…).
        """
        ...

    def start(self, name: str) -> None:
        """Running afterwards; nothing happens if it was. Refused("container_start_failed", name=…, reason=…)."""
        ...

    def stop(self, name: str, *, grace_seconds: int = 10) -> None:
        """TERM, then KILL after the grace. Nothing happens if it was stopped or is absent."""
        ...

    def restart(self, name: str, *, grace_seconds: int = 10) -> None:
        """Stopped and started as one call. NotFound("container_missing"), Refused("container_start_failed", …)."""
        ...

    def limit(self, name: str, limits: Limits) -> None:
        """Give it other bounds of processor and memory while it runs; the rest of `limits` stays as it was made.

        NotFound("container_missing", name=…), Refused("limits_refused", name=…, reason=…) if it uses more already,
        Unsupported("engine_cannot", what="limit").
        """
        ...

    def rewrite_file(self, name: str, file: FileMount) -> None:
        """Put a live file of a running container anew: whoever reads it sees the old one or the new one, whole.

        Refused("container_not_running", name=…), Refused("live_file_refused", name=…, reason=…) for a file that is
        not in the folder that the container was made with for that.
        """
        ...

    def signal(self, name: str, signal: str) -> None:
        """Send it to the container's process. Refused("container_not_running", name=…)."""
        ...

    def remove(self, name: str) -> None:
        """Gone afterwards, running or not; nothing happens if it was absent."""
        ...

    def inspect(self, name: str) -> Container:
        """NotFound("container_missing", name=…)."""
        ...

    def details(self, name: str) -> ContainerDetails:
        """NotFound("container_missing", name=…)."""
        ...

    def execute(
        self, name: str, command: Sequence[str], *, timeout_seconds: float = 30.0, output_bytes: int = 262_144
    ) -> Execution:
        """Run a command inside, as the container's own user, without input or terminal, and wait for its end.

        After the time or the output it is no longer listened to. Refused("container_not_running", name=…),
        Refused("exec_failed", name=…, reason=…) if it cannot be started, Unsupported("exec_switched_off") if the
        gate does not let it.
        """
        ...

    def hold(self, wanted: MemoryFiles) -> str:
        """The files are in the volumes in memory, readable by the user of the image alone, and stay there while the
        holder lives; other files in them stay as they are. The life of the holder, for `held_since`.

        Neither the engine's own account nor any command line shows what is in them.
        """
        ...

    def held_since(self, holder: str) -> str:
        """The life of a holder, another one after each of its starts. NotFound("container_missing") if it is not
        running.
        """
        ...

    def let_go(self, holder: str) -> None:
        """The holder and its volumes are gone; nothing happens if they were. A volume that is in use stays until the
        next time.
        """
        ...

    def list(self, labels: Mapping[str, str] | None = None) -> tuple[Container, ...]:
        """All containers of the portal (stopped ones too) that carry all these labels."""
        ...

    def census(self) -> tuple[ContainerDetails, ...]:
        """All containers of the portal in full: one look at everything."""
        ...

    def logs(self, name: str, *, tail: int = 200, since: datetime | None = None) -> tuple[ContainerLogLine, ...]: ...

    def follow_logs(self, name: str, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerLogLine]:
        """Lines as they come, until the container ends or `stop` is set (looked at least once a second)."""
        ...

    def stats(self, name: str) -> ContainerStats: ...

    def events(self, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerEvent]:
        """Events of the portal's containers as they come, health-check executions left out, until `stop` is set."""
        ...


class Host(Protocol):
    """What an engine has beside containers. Everything is bounded and translated as in `Containers`."""

    def facts(self) -> HostFacts: ...

    def others(self) -> tuple[OtherContainer, ...] | None:
        """Containers that are not the portal's; None unless the gate was told to show them."""
        ...

    def remove_image(self, image: Image) -> None:
        """All its names and itself. Conflict("image_in_use", image=…); nothing happens if it was absent."""
        ...

    def volumes(self) -> tuple[Volume, ...]:
        """Those of the portal, with their sizes where the engine says them in time."""
        ...

    def remove_volume(self, name: str) -> None:
        """Conflict("volume_in_use", name=…); nothing happens if it was absent."""
        ...

    def networks(self) -> tuple[HostNetwork, ...]:
        """Those of the portal."""
        ...

    def remove_network(self, name: str) -> None:
        """Conflict("network_in_use", name=…); nothing happens if it was absent."""
        ...
