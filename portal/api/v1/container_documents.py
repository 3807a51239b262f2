"""What the REST API says of containers and of the machine they run on."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from portal.api.v1.documents import Document, Finite, NameFilter, Order, Paging, Search
from portal.domain.container_view import ContainerAction, ContainerLine, ContainerView, ImageUse, NetworkUse, VolumeUse
from portal.services.container_executions import LONGEST_SECONDS, LONGEST_WORD, MOST_WORDS, USUAL_SECONDS

Why = Annotated[str, Field(max_length=500, description="Why; it is kept in the audit trail.")]
Word = Annotated[str, Field(max_length=LONGEST_WORD)]


class ContainerFilter(Paging):
    service: NameFilter = ""
    environment: NameFilter = ""
    version: str = Field(default="", max_length=100)
    state: str = Field(default="", max_length=30, description="running, exited …, or healthy, unhealthy.")
    host: str = Field(default="", max_length=100)
    text: Search = ""
    sort: str = Field(
        default="name",
        max_length=20,
        description="name, service, environment, version, state, started, restarts, cpu, memory; -name turns it round.",
    )


class StatsDocument(Document):
    """What a container used at a moment; null where the engine does not say."""

    at: datetime
    cpu_percent: Finite = Field(description="Of one core.")
    memory_bytes: int | None
    memory_limit_bytes: int | None
    pids: int | None
    network_received_bytes: int | None
    network_sent_bytes: int | None


class HoldDocument(Document):
    """Somebody stopped it, and it stays so until somebody starts it."""

    by: str
    reason: str
    at: datetime


class ContainerDocument(Document):
    name: str
    id: str
    host: str
    service: str
    environment: str
    version: str
    slot: str
    image: str = Field(description="The content id (sha256:…).")
    image_name: str
    state: str
    health: str = Field(description="By the engine's check where it has one, else by the proxy's.")
    address: str
    created_at: datetime | None
    started_at: datetime | None
    restart_count: int
    is_oom_killed: bool
    exit_code: int | None
    is_wanted: bool = Field(description="A deployment needs it.")
    rollout_id: int | None = Field(description="The rollout that is at work in its place now.")
    hold: HoldDocument | None
    stats: StatsDocument | None = Field(description="The newest reading; null until somebody has looked for a moment.")

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, ContainerLine)
        return cls.model_validate(_line(shown))


def _line(line: ContainerLine) -> dict[str, Any]:
    names = ("name", "host", "service", "environment", "version", "slot", "image_name", "health", "is_wanted", "hold")
    more = ("rollout_id", "stats")
    own = ("id", "image", "state", "address", "created_at", "started_at", "restart_count", "is_oom_killed", "exit_code")
    about_it = {name: getattr(line, name) for name in names + more}
    return about_it | {name: getattr(line.container, name) for name in own}


class MountDocument(Document):
    kind: str
    source: str
    target: str
    is_read_only: bool


class HealthCheckDocument(Document):
    at: datetime | None
    seconds: float
    exit_code: int
    output: str


class LimitsDocument(Document):
    cpu_cores: float
    memory_bytes: int
    pids: int
    log_bytes: int


class ContainerViewDocument(Document):
    """One container as you may see it: values of the environment that look secret are masked."""

    container: ContainerDocument
    command: list[str]
    user: str
    environment: dict[str, str]
    mounts: list[MountDocument]
    networks: list[str]
    limits: LimitsDocument
    restart_policy: str
    is_root_read_only: bool
    checks: list[HealthCheckDocument] = Field(description="The last runs of the engine's health check, newest last.")
    is_controllable: bool
    is_executable: bool
    document: dict[str, Any] = Field(description="The engine's own account, masked in the same way.")

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, ContainerView)
        details = shown.details
        names = ("command", "user", "environment", "mounts", "limits", "restart_policy", "is_root_read_only", "checks")
        return cls.model_validate(
            {name: getattr(details, name) for name in names}
            | {
                "container": ContainerDocument.of(shown.line),
                "networks": list(details.container.networks),
                "is_controllable": shown.is_controllable,
                "is_executable": shown.is_executable,
                "document": json.loads(shown.document),
            }
        )


class LogLineDocument(Document):
    at: datetime | None
    stream: str
    text: str


class ContainerActionOrder(Order):
    action: ContainerAction
    reason: Why


class ExecutionOrderDocument(Order):
    """A program and its arguments; no shell takes part unless it is named."""

    command: list[Word] = Field(min_length=1, max_length=MOST_WORDS)
    reason: Why
    timeout_seconds: float = Field(default=USUAL_SECONDS, ge=1, le=LONGEST_SECONDS)


class ExecutionDocument(Document):
    command: list[str]
    exit_code: int | None = Field(description="Null if its time was up; it then goes on inside the container.")
    lines: list[LogLineDocument]
    seconds: float
    is_cut: bool = Field(description="It printed more than is kept.")
    is_timed_out: bool


class HostDocument(Document):
    engine: str
    version: str
    api_version: str
    name: str
    operating_system: str
    kernel: str
    architecture: str
    cpus: int
    memory_bytes: int
    storage_driver: str
    security: list[str]
    containers_running: int
    containers_paused: int
    containers_stopped: int
    images: int
    is_rootless: bool
    is_demonstration: bool
    missing: dict[str, str] = Field(description="What this engine cannot do, by the code of the sentence about it.")


class OtherContainerDocument(Document):
    id: str
    name: str
    image: str
    state: str
    created_at: datetime | None


class ImageDocument(Document):
    id: str
    tags: list[str]
    size_bytes: int
    created_at: datetime | None
    containers: list[str] = Field(description="The portal's containers made from it.")
    releases: list[str]
    others: int = Field(description="How many containers of others use it, where the gate shows them.")
    refusal: str = Field(description="Why it cannot be removed; empty if it can.")

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, ImageUse)
        return cls.model_validate(shown)


class VolumeDocument(Document):
    name: str
    driver: str
    created_at: datetime | None
    size_bytes: int | None
    containers: list[str]
    refusal: str

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, VolumeUse)
        found = shown.volume
        return cls(
            name=found.name,
            driver=found.driver,
            created_at=found.created_at,
            size_bytes=found.size_bytes,
            containers=list(shown.containers),
            refusal=shown.refusal,
        )


class NetworkDocument(Document):
    name: str
    driver: str
    subnet: str
    is_internal: bool
    created_at: datetime | None
    containers: list[str]
    refusal: str

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, NetworkUse)
        found = shown.network
        return cls(
            name=found.name,
            driver=found.driver,
            subnet=found.subnet,
            is_internal=found.is_internal,
            created_at=found.created_at,
            containers=list(shown.containers),
            refusal=shown.refusal,
        )
