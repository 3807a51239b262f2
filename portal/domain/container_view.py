"""The portal's containers as people look at them: lists with filters, one container, and what may be done to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.domain.container import (
    LABEL_ENVIRONMENT,
    LABEL_SERVICE,
    LABEL_SLOT,
    LABEL_VERSION,
    Container,
    ContainerHealth,
    ContainerStats,
)
from portal.domain.engine import ContainerDetails, HostNetwork, Volume
from portal.domain.errors import Invalid
from portal.domain.route import ServerState

_HEALTH_OF_SERVER = {
    ServerState.UP: ContainerHealth.HEALTHY,
    ServerState.DRAINING: ContainerHealth.HEALTHY,
    ServerState.GATING: ContainerHealth.STARTING,
    ServerState.DOWN: ContainerHealth.UNHEALTHY,
}
SORTS = ("name", "service", "environment", "version", "state", "started", "restarts", "cpu", "memory")


class ContainerAction(StrEnum):
    START = "start"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class ContainerQuery:
    """Which containers are wanted: each filter that is set must hold. `state` is a state, healthy or unhealthy.

    `sort` is one of SORTS, with a minus before it for the other way round.
    """

    service: str = ""
    environment: str = ""
    version: str = ""
    state: str = ""
    host: str = ""
    text: str = ""
    sort: str = "name"
    offset: int = 0
    limit: int = 50

    def check(self) -> None:
        """Invalid("sort_unknown")."""
        if self.sort.removeprefix("-") not in SORTS:
            raise Invalid("sort_unknown", field="sort", value=self.sort[:40], expected=", ".join(SORTS))


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody stopped the container and it stays so: it is not started again by itself."""

    name: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ContainerLine:
    """One container in a list. `is_wanted`: a deployment needs it. `rollout_id`: a rollout is at work on it now.

    `server` is what the proxy's own checks say of it; ABSENT if the proxy does not know it.
    """

    container: Container
    host: str = ""
    image_name: str = ""
    is_wanted: bool = False
    rollout_id: int | None = None
    hold: Hold | None = None
    stats: ContainerStats | None = None
    server: ServerState = ServerState.ABSENT

    @property
    def health(self) -> ContainerHealth:
        """By the engine's check where the container has one, else by the proxy's; none if it does not run."""
        if not self.container.is_running:
            return ContainerHealth.NONE
        if self.container.health is not ContainerHealth.NONE:
            return self.container.health
        return _HEALTH_OF_SERVER.get(self.server, ContainerHealth.NONE)

    @property
    def name(self) -> str:
        return self.container.name

    @property
    def service(self) -> str:
        return self.container.labels.get(LABEL_SERVICE, "")

    @property
    def environment(self) -> str:
        return self.container.labels.get(LABEL_ENVIRONMENT, "")

    @property
    def version(self) -> str:
        return self.container.labels.get(LABEL_VERSION, "")

    @property
    def slot(self) -> str:
        return self.container.labels.get(LABEL_SLOT, "")


@dataclass(frozen=True, slots=True)
class ContainerChoices:
    """What the filters of the list can be set to."""

    services: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContainerView:
    """One container as this person may see it: values that look secret are masked, all values if they may only look."""

    line: ContainerLine
    details: ContainerDetails
    document: str
    is_controllable: bool = False
    is_executable: bool = False
    has_hidden_values: bool = False


@dataclass(frozen=True, slots=True)
class ImageUse:
    """An image with the containers and releases that need it. `refusal` is the code of why it cannot be removed."""

    id: str
    tags: tuple[str, ...]
    size_bytes: int
    created_at: datetime | None
    containers: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    others: int = 0
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class VolumeUse:
    volume: Volume
    containers: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class NetworkUse:
    network: HostNetwork
    containers: tuple[str, ...] = ()
    refusal: str = ""


def matches(line: ContainerLine, query: ContainerQuery) -> bool:
    """Whether the line has what is wanted. Text is looked for in name, service, version, address and image."""
    pairs = (
        (query.service, line.service),
        (query.environment, line.environment),
        (query.version, line.version),
        (query.host, line.host),
    )
    if any(wanted and wanted != has for wanted, has in pairs):
        return False
    if query.state and query.state not in (line.container.state, line.health):
        return False
    found = (line.name, line.service, line.version, line.container.address, line.image_name, line.container.id)
    return query.text.lower() in " ".join(found).lower()


def ordered(lines: list[ContainerLine], sort: str) -> list[ContainerLine]:
    """By the column; equal ones, and those without a value, by name. What has no value comes last either way."""
    name, is_down = sort.removeprefix("-"), sort.startswith("-")
    by_name = sorted(lines, key=lambda line: line.name)
    has_value = [line for line in by_name if _value(line, name) is not None]
    without = [line for line in by_name if _value(line, name) is None]
    return sorted(has_value, key=lambda line: _value(line, name), reverse=is_down) + without  # type: ignore[arg-type,return-value]


def _value(line: ContainerLine, name: str) -> str | float | None:
    found = line.container
    values: dict[str, str | float | None] = {
        "name": line.name,
        "service": line.service,
        "environment": line.environment,
        "version": line.version,
        "state": found.state,
        "restarts": found.restart_count,
        "started": found.started_at.timestamp() if found.started_at else None,
        "cpu": line.stats.cpu_percent if line.stats else None,
        "memory": line.stats.memory_bytes if line.stats else None,
    }
    return values[name]
