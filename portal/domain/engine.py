"""The machine behind a container engine and what it holds beside containers, as the engine reports them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal.domain.container import Container, ContainerLogLine, ContainerState, Limits


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The engine and its machine. Counts are of all containers and images on it, not only the portal's.

    `missing` maps what the engine cannot do to the code of the sentence that explains it.
    """

    engine: str
    version: str
    api_version: str
    name: str = ""
    operating_system: str = ""
    kernel: str = ""
    architecture: str = ""
    cpus: int = 0
    memory_bytes: int = 0
    storage_driver: str = ""
    security: tuple[str, ...] = ()
    containers_running: int = 0
    containers_paused: int = 0
    containers_stopped: int = 0
    images: int = 0
    is_rootless: bool = False
    is_demonstration: bool = False
    missing: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Volume:
    """A named volume of the portal. `size_bytes` is None where the engine does not say."""

    name: str
    driver: str = "local"
    created_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """A network of the portal."""

    name: str
    id: str
    driver: str = "bridge"
    subnet: str = ""
    is_internal: bool = False
    created_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class OtherContainer:
    """A container on the same engine that is not the portal's: seen, never touched."""

    id: str
    name: str
    image: str
    image_id: str
    state: ContainerState
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One run of the engine's health check."""

    at: datetime | None
    seconds: float
    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class Mount:
    """What is mounted where inside a container."""

    kind: str
    source: str
    target: str
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a container may do beyond its own affairs. `ports` are those it opens on the host itself."""

    is_privileged: bool = False
    added_capabilities: tuple[str, ...] = ()
    dropped_capabilities: tuple[str, ...] = ()
    has_dropped_all: bool = True
    has_no_new_privileges: bool = True
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerDetails:
    """All there is to know of one container. `document` is the engine's own account of it, with secrets in it."""

    container: Container
    created_at: datetime | None = None
    command: tuple[str, ...] = ()
    user: str = ""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    mounts: tuple[Mount, ...] = ()
    limits: Limits = Limits()
    restart_policy: str = ""
    is_root_read_only: bool = False
    checks: tuple[HealthCheck, ...] = ()
    confinement: Confinement = Confinement()
    document: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Execution:
    """A command that was run inside a container, and what it printed.

    `exit_code` is None if it was still running when its time was up; it then goes on without anybody listening.
    `is_cut`: it printed more than was asked for.
    """

    command: tuple[str, ...]
    exit_code: int | None
    lines: tuple[ContainerLogLine, ...] = ()
    seconds: float = 0.0
    is_cut: bool = False

    @property
    def is_timed_out(self) -> bool:
        return self.exit_code is None
