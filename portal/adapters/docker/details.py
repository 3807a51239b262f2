"""One container in full, and the machine behind the engine, out of the engine's documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.adapters.docker.bodies import NANOSECONDS
from portal.adapters.docker.dialects import Dialect
from portal.adapters.docker.reports import Document, container, moment, part, variable
from portal.domain.container import ContainerState, Limits
from portal.domain.engine import (
    Confinement,
    ContainerDetails,
    HealthCheck,
    HostFacts,
    HostNetwork,
    Mount,
    OtherContainer,
    Volume,
)

CHECKS_KEPT, OUTPUT_KEPT = 20, 4096
MANY_CAPABILITIES = 10
UNKNOWN = Limits(cpu_cores=0.0, memory_bytes=0, pids=0, log_bytes=0)


def details(document: Document, dialect: Dialect) -> ContainerDetails:
    config, host = part(document, "Config"), part(document, "HostConfig")
    restart = part(host, "RestartPolicy")
    attempts = restart.get("MaximumRetryCount")
    return ContainerDetails(
        container=container(document, dialect),
        created_at=moment(document.get("Created")),
        command=tuple(str(word) for word in (document.get("Path"), *(document.get("Args") or ())) if word),
        user=str(config.get("User") or ""),
        environment=dict(variable(line) for line in config.get("Env") or ()),
        mounts=tuple(_mount(found) for found in document.get("Mounts") or ()),
        limits=_limits(host),
        restart_policy=str(restart.get("Name") or "no") + (f":{attempts}" if attempts else ""),
        is_root_read_only=bool(host.get("ReadonlyRootfs")),
        checks=_checks(part(document, "State")),
        confinement=_confinement(host),
        document=document,
    )


def _mount(found: Document) -> Mount:
    source = str(found.get("Name") or found.get("Source") or "")
    kind, target = str(found.get("Type") or ""), str(found.get("Destination") or "")
    return Mount(kind, source, target, not found.get("RW", True))


def _confinement(host: Document) -> Confinement:
    """Podman names all capabilities that are dropped where it was asked to drop all."""
    dropped = tuple(str(name) for name in host.get("CapDrop") or ())
    bound: Mapping[str, Any] = part(host, "PortBindings")
    return Confinement(
        is_privileged=bool(host.get("Privileged")),
        added_capabilities=tuple(str(name) for name in host.get("CapAdd") or ()),
        dropped_capabilities=dropped,
        has_dropped_all="ALL" in dropped or len(dropped) >= MANY_CAPABILITIES,
        has_no_new_privileges=any(str(each).startswith("no-new-privileges") for each in host.get("SecurityOpt") or ()),
        ports=tuple(sorted(str(port) for port in bound)),
    )


def _limits(host: Document) -> Limits:
    log = part(part(host, "LogConfig"), "Config")
    size = str(log.get("max-size") or "0")
    return Limits(
        cpu_cores=(host.get("NanoCpus") or 0) / NANOSECONDS,
        memory_bytes=host.get("Memory") or 0,
        pids=host.get("PidsLimit") or 0,
        log_bytes=int(size) if size.isdigit() else 0,
    )


def _checks(state: Document) -> tuple[HealthCheck, ...]:
    """The newest last, as the engine keeps them (Docker: five)."""
    found: list[Document] = (part(state, "Health") or part(state, "Healthcheck")).get("Log") or []
    return tuple(_check(each) for each in found[-CHECKS_KEPT:])


def _check(each: Document) -> HealthCheck:
    start, end = moment(each.get("Start")), moment(each.get("End"))
    seconds = max(0.0, (end - start).total_seconds()) if start and end else 0.0
    return HealthCheck(start, seconds, int(each.get("ExitCode") or 0), str(each.get("Output") or "")[:OUTPUT_KEPT])


def host(info: Document, version: Document, *, dialect: Dialect, api_version: str) -> HostFacts:
    security = tuple(str(option) for option in info.get("SecurityOptions") or ())
    return HostFacts(
        engine=dialect.name,
        version=str(version.get("Version") or ""),
        api_version=api_version,
        name=str(info.get("Name") or ""),
        operating_system=str(info.get("OperatingSystem") or ""),
        kernel=str(info.get("KernelVersion") or ""),
        architecture=str(info.get("Architecture") or ""),
        cpus=info.get("NCPU") or 0,
        memory_bytes=info.get("MemTotal") or 0,
        storage_driver=str(info.get("Driver") or ""),
        security=security,
        containers_running=info.get("ContainersRunning") or 0,
        containers_paused=info.get("ContainersPaused") or 0,
        containers_stopped=info.get("ContainersStopped") or 0,
        images=info.get("Images") or 0,
        is_rootless=any("name=rootless" in option for option in security),
        missing=dialect.missing,
    )


def volume(document: Document, sizes: Mapping[str, int]) -> Volume:
    return Volume(
        name=document["Name"],
        driver=str(document.get("Driver") or ""),
        created_at=moment(document.get("CreatedAt")),
        labels=part(document, "Labels"),
        size_bytes=sizes.get(document["Name"]),
    )


def volume_sizes(usage: Document) -> dict[str, int]:
    found: list[Document] = usage.get("Volumes") or []
    sizes = {volume["Name"]: part(volume, "UsageData").get("Size", -1) for volume in found}
    return {name: size for name, size in sizes.items() if isinstance(size, int) and size >= 0}


def network(document: Document) -> HostNetwork:
    pools: list[Document] = part(document, "IPAM").get("Config") or [{}]
    return HostNetwork(
        name=document["Name"],
        id=str(document.get("Id") or ""),
        driver=str(document.get("Driver") or ""),
        subnet=str(pools[0].get("Subnet") or ""),
        is_internal=bool(document.get("Internal")),
        created_at=moment(document.get("Created")),
        labels=part(document, "Labels"),
    )


def other(row: Document, dialect: Dialect) -> OtherContainer:
    word = str(row.get("State") or "")
    word = dialect.state_words.get(word, word)
    names: list[Any] = row.get("Names") or [""]
    return OtherContainer(
        id=str(row.get("Id") or ""),
        name=str(names[0]).lstrip("/"),
        image=str(row.get("Image") or ""),
        image_id=str(row.get("ImageID") or ""),
        state=ContainerState(word) if word in set(ContainerState) else ContainerState.DEAD,
        created_at=_created(row.get("Created")),
    )


def _created(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else moment(str(value or ""))
