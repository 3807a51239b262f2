"""Containers as the portal wants them and as an engine reports them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum

LABEL_MANAGED = "codexfather.managed"
LABEL_SERVICE = "codexfather.service"
LABEL_ENVIRONMENT = "codexfather.environment"
LABEL_VERSION = "codexfather.version"
LABEL_SLOT = "codexfather.slot"
LABEL_OPERATION = "codexfather.operation"
LABEL_LIVE = "codexfather.live"  # the folder whose files may be written anew while the container runs
LABEL_FINGERPRINT = "codexfather.fingerprint"
LABEL_HOLDER = "codexfather.holder"
LABEL_ADDRESS = "codexfather.address"


class ContainerState(StrEnum):
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"


class ContainerHealth(StrEnum):
    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one container. CPU in cores, memory in bytes, log size in bytes a file (three files are kept)."""

    cpu_cores: float = 0.5
    memory_bytes: int = 268_435_456
    pids: int = 256
    log_bytes: int = 10_485_760


@dataclass(frozen=True, slots=True)
class HealthCommand:
    """The engine's own health check: a command run inside the container."""

    command: tuple[str, ...]
    interval_seconds: float = 5.0
    timeout_seconds: float = 3.0
    start_seconds: float = 2.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """A named volume (never a host path) at a path of the container; one in memory is empty unless it is held."""

    volume: str
    target: str
    is_read_only: bool = False
    is_in_memory: bool = False


@dataclass(frozen=True, slots=True)
class FileMount:
    """A small file put into the container before it starts. `mode` as in chmod.

    A live one may be written anew while the container runs: what it says is no part of which container it is.
    """

    target: str
    content: bytes = field(repr=False)
    mode: int = 0o444
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class MemoryFiles:
    """Files that containers of `image` find in volumes in memory, and the name of what keeps those."""

    holder: str
    volumes: tuple[VolumeMount, ...]
    files: tuple[FileMount, ...]
    image: str


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What to create. `image` is an image id or a reference by digest, never a tag.

    The portal forces no-new-privileges and drops all capabilities whatever the specification says.
    `address` is a fixed IPv4 address in `network`, outside the range from which the engine hands out its own.
    """

    name: str
    image: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    command: tuple[str, ...] = ()
    user: str = ""
    network: str = ""
    address: str = ""
    limits: Limits = Limits()
    health: HealthCommand | None = None
    volumes: tuple[VolumeMount, ...] = ()
    files: tuple[FileMount, ...] = ()
    tmpfs: tuple[str, ...] = ("/tmp",)
    is_root_read_only: bool = True
    restart_attempts: int = 5
    stop_grace_seconds: int = 10


def fingerprint(spec: ContainerSpec, *, has_bounds: bool = False) -> str:
    """The same for equal specifications, in whatever order their mappings were written.

    Bounds that can be changed while a container runs are left out, unless it `has_bounds`, as they once did.
    """
    plain = asdict(without_live_content(spec))
    for file in plain["files"]:
        del file["is_live"]
        file["content"] = hashlib.sha256(file["content"]).hexdigest()
    if not has_bounds:
        del plain["limits"]["cpu_cores"], plain["limits"]["memory_bytes"]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def without_live_content(spec: ContainerSpec) -> ContainerSpec:
    """What makes a container the one it is."""
    return replace(spec, files=tuple(replace(f, content=b"") if f.is_live else f for f in spec.files))


@dataclass(frozen=True, slots=True)
class Container:
    """One container as its engine reports it."""

    id: str
    name: str
    image: str
    state: ContainerState
    health: ContainerHealth = ContainerHealth.NONE
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    address: str = ""
    started_at: datetime | None = None
    restart_count: int = 0
    is_oom_killed: bool = False
    exit_code: int | None = None
    created_at: datetime | None = None
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        return self.state is ContainerState.RUNNING


@dataclass(frozen=True, slots=True)
class Image:
    """`id` is the engine's content id (sha256:…): the identity a release is bound to. `environment` are the variables
    that it brings itself.
    """

    id: str
    tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    user: str = ""
    size_bytes: int = 0
    created_at: datetime | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    subnet: str
    dynamic_range: str = ""


@dataclass(frozen=True, slots=True)
class ContainerLogLine:
    at: datetime | None
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class ContainerStats:
    """A moment's use. CPU as a percentage of one core; None where the engine cannot say."""

    at: datetime
    cpu_percent: float | None
    memory_bytes: int | None
    memory_limit_bytes: int | None
    pids: int | None
    network_received_bytes: int | None
    network_sent_bytes: int | None


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """`action` is the engine's word: create, start, die, oom, kill, stop, destroy, health_status …"""

    at: datetime
    action: str
    container_id: str
    container_name: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """Which engine answers and what it cannot do. `missing` maps a capability to the code of the sentence that
    explains it.
    """

    name: str
    version: str
    api_version: str
    is_rootless: bool = False
    is_demonstration: bool = False
    missing: Mapping[str, str] = field(default_factory=dict[str, str])
