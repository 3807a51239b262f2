"""A container or network as the portal wants it, in the words of the engine's API."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any

from portal.adapters.docker import files
from portal.adapters.docker.dialects import Dialect
from portal.domain.container import (
    LABEL_ADDRESS,
    LABEL_FINGERPRINT,
    LABEL_MANAGED,
    ContainerSpec,
    HealthCommand,
    Limits,
    Network,
    VolumeMount,
    fingerprint,
)

NANOSECONDS = 1_000_000_000
LOG_FILES = "3"
USER_WHEN_ROOT = "10001:10001"
ROOTS = ("", "root", "0")
IN_MEMORY = {"type": "tmpfs", "device": "tmpfs", "o": "mode=0755,nosuid,nodev,noexec"}


def container(spec: ContainerSpec, image_user: str, *, dialect: Dialect) -> dict[str, Any]:
    """The body of a create call, hardened whatever the specification says.

    The process runs as `spec.user`; without one as the image's user, and as 10001:10001 where that would be root.
    Whoever needs root says user="root", in any image (it still has no capabilities and gains none).
    """
    body: dict[str, Any] = {
        "Image": spec.image,
        "Cmd": list(spec.command),
        "Env": [f"{name}={value}" for name, value in sorted(spec.environment.items())],
        "Labels": _labels(spec),
        "User": user_of(spec.user, image_user),
        "StopTimeout": spec.stop_grace_seconds,
        "HostConfig": _host(spec) | _ulimits(dialect),
        "Healthcheck": _health(spec.health),
    }
    if spec.network and spec.address:
        endpoint = {"IPAMConfig": {"IPv4Address": spec.address}}
        body["NetworkingConfig"] = {"EndpointsConfig": {spec.network: endpoint}}
    return {name: value for name, value in body.items() if value not in (None, [])}


def _labels(spec: ContainerSpec) -> dict[str, str]:
    forced = {LABEL_MANAGED: "1", LABEL_FINGERPRINT: fingerprint(spec)}
    return {**spec.labels, **forced, **({LABEL_ADDRESS: spec.address} if spec.address else {})}


def _ulimits(dialect: Dialect) -> dict[str, Any]:
    limits = [{"Name": name, "Soft": value, "Hard": value} for name, value in dialect.ulimits.items()]
    return {"Ulimits": limits} if limits else {}


def user_of(wanted: str, image_user: str) -> str:
    """As whom a container runs of which this was wanted and whose image says that."""
    if wanted:
        return "0:0" if wanted == "root" else wanted
    return USER_WHEN_ROOT if image_user.partition(":")[0] in ROOTS else image_user


def _host(spec: ContainerSpec) -> dict[str, Any]:
    restart = {"Name": "on-failure", "MaximumRetryCount": spec.restart_attempts}
    return {
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "ReadonlyRootfs": spec.is_root_read_only,
        "Tmpfs": dict.fromkeys(spec.tmpfs, "rw,noexec,nosuid,nodev,size=64m,mode=1777"),
        "Mounts": _mounts(spec),
        "NetworkMode": spec.network or "none",
        "RestartPolicy": restart if spec.restart_attempts else {"Name": "no"},
        **_limits(spec.limits),
    }


def bounds(limits: Limits) -> dict[str, Any]:
    """Those that can be changed while a container runs."""
    return {
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "NanoCpus": round(limits.cpu_cores * NANOSECONDS),
    }


def _limits(limits: Limits) -> dict[str, Any]:
    return {
        **bounds(limits),
        "PidsLimit": limits.pids,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": str(limits.log_bytes), "max-file": LOG_FILES}},
    }


def _mounts(spec: ContainerSpec) -> list[dict[str, Any]]:
    named = [_mount(mount) for mount in spec.volumes]
    return named + [{"Type": "volume", "Target": folder} for folder in files.folders_to_mount(spec)]


def _mount(mount: VolumeMount) -> dict[str, Any]:
    plain = {"Type": "volume", "Source": mount.volume, "Target": mount.target, "ReadOnly": mount.is_read_only}
    memory = {"VolumeOptions": {"DriverConfig": {"Name": "local", "Options": IN_MEMORY}}}
    return plain | (memory if mount.is_in_memory else {})


def _health(health: HealthCommand | None) -> dict[str, Any] | None:
    if health is None:
        return None
    return {
        "Test": ["CMD", *health.command],
        "Interval": round(health.interval_seconds * NANOSECONDS),
        "Timeout": round(health.timeout_seconds * NANOSECONDS),
        "StartPeriod": round(health.start_seconds * NANOSECONDS),
        "Retries": health.retries,
    }


def network(wanted: Network, dialect: Dialect) -> dict[str, Any]:
    """A bridge. The engine hands out addresses from the upper half, so that the lower one is the portal's to give."""
    pool = {"Subnet": wanted.subnet}
    if dialect.has_dynamic_range:
        pool["IPRange"] = wanted.dynamic_range or upper_half(wanted.subnet)
    return {
        "Name": wanted.name,
        "Driver": "bridge",
        "CheckDuplicate": True,
        "Labels": {LABEL_MANAGED: "1"},
        "IPAM": {"Driver": "default", "Config": [pool]},
    }


def upper_half(subnet: str) -> str:
    *_, upper = ipaddress.IPv4Network(subnet).subnets(prefixlen_diff=1)
    return str(upper)


def filters(labels: Mapping[str, str] | None) -> str:
    wanted = {LABEL_MANAGED: "1", **(labels or {})}
    return json.dumps({"label": [f"{name}={value}" for name, value in wanted.items()]})
