"""What a container may look like that is created through the gate."""

from __future__ import annotations

from typing import Any

from portal.gate import documents
from portal.gate.names import RESERVED, address, inner_path, name, reference
from portal.gate.refusals import Refusal
from portal.gate.shapes import boolean, free_text, integer, many, mapping, one_of, record, text

SECONDS = 1_000_000_000
PIDS_DEFAULT = 512
TMPFS = r"(?:rw|noexec|nosuid|nodev|size=\d{1,12}[kmg]?|mode=[01]?[0-7]{3}|uid=\d{1,7}|gid=\d{1,7})"

_labels = mapping(text(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}"), free_text(1024), limit=64)
_health = record(
    {
        "Test": many(free_text(4096), 64),
        "Interval": integer(0, 3600 * SECONDS),
        "Timeout": integer(0, 3600 * SECONDS),
        "StartPeriod": integer(0, 3600 * SECONDS),
        "Retries": integer(0, 100),
    }
)
_restart = record({"Name": one_of("no", "on-failure"), "MaximumRetryCount": integer(0, 100)}, ("Name",))
_log = record(
    {
        "Type": one_of("json-file", "k8s-file"),
        "Config": record({"max-size": text(r"\d{1,12}[kmg]?"), "max-file": text(r"\d{1,2}")}),
    },
    ("Type",),
)
IN_MEMORY = {"type": "tmpfs", "device": "tmpfs", "o": "mode=0755,nosuid,nodev,noexec"}
"""The one kind of volume with options: in memory, and so no place of the host."""

_memory = record({name: one_of(value) for name, value in IN_MEMORY.items()}, tuple(IN_MEMORY))
_driver = record({"Name": one_of("local"), "Options": _memory}, ("Name", "Options"))
_mount = record(
    {
        "Type": one_of("volume"),
        "Source": name,
        "Target": inner_path,
        "ReadOnly": boolean,
        "VolumeOptions": record({"DriverConfig": _driver}, ("DriverConfig",)),
    },
    ("Type", "Target"),
)
_limit = record(
    {"Name": one_of("nofile", "nproc"), "Soft": integer(0, 1 << 20), "Hard": integer(0, 1 << 20)},
    ("Name", "Soft", "Hard"),
)
_bounds = {
    "Memory": integer(0, 1 << 44),
    "MemorySwap": integer(0, 1 << 44),
    "NanoCpus": integer(0, 1024 * SECONDS),
}
_host = record(
    {
        **_bounds,
        "PidsLimit": integer(1, 32_768),
        "ReadonlyRootfs": boolean,
        "Tmpfs": mapping(inner_path, text(f"{TMPFS}(?:,{TMPFS})*|"), limit=16),
        "RestartPolicy": _restart,
        "LogConfig": _log,
        "NetworkMode": name,
        "CapDrop": many(one_of("ALL"), 1),
        "SecurityOpt": many(one_of("no-new-privileges", "no-new-privileges:true"), 1),
        "Mounts": many(_mount, 32),
        "Ulimits": many(_limit, 8),
    }
)
_endpoint = record({"IPAMConfig": record({"IPv4Address": address})})
_body = record(
    {
        "Image": reference,
        "Cmd": many(free_text(65_536), 256),
        "Env": many(free_text(65_536), 512),
        "Labels": _labels,
        "Healthcheck": _health,
        "HostConfig": _host,
        "NetworkingConfig": record({"EndpointsConfig": mapping(name, _endpoint, limit=1)}),
        "User": text(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?"),
        "StopSignal": text(r"SIG[A-Z0-9+-]{1,12}|\d{1,2}"),
        "StopTimeout": integer(0, 3600),
    },
    ("Image",),
)


def container(body: bytes, label: str) -> dict[str, Any]:
    """The body that is sent on: only what is known, with our label, no capabilities and no new privileges."""
    wanted = _body(documents.parse(body), "body")
    wanted["Labels"] = owned(wanted.get("Labels"), label)
    host = wanted.setdefault("HostConfig", {})
    host |= {"CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"]}
    host.setdefault("PidsLimit", PIDS_DEFAULT)
    _one_network(wanted, host)
    return wanted


_update = record({name: _bounds[name] for name in ("Memory", "MemorySwap", "NanoCpus")})


def limits(body: bytes) -> dict[str, Any]:
    """The body of a change of bounds: processor and memory and nothing else, and never none at all."""
    wanted = _update(documents.parse(body), "body")
    if not wanted or not all(wanted.values()):
        raise Refusal("body: no bounds")
    return wanted


def owned(labels: dict[str, str] | None, label: str) -> dict[str, str]:
    """The labels with ours among them; another value of ours is refused."""
    key, _, value = label.partition("=")
    labels = dict(labels or {})
    if labels.setdefault(key, value) != value:
        raise Refusal(f"Labels.{key}: may not be changed")
    return labels


def _one_network(wanted: dict[str, Any], host: dict[str, Any]) -> None:
    mode = host.setdefault("NetworkMode", "none")
    if mode in RESERVED and mode != "none":
        raise Refusal("HostConfig.NetworkMode: not a network of ours")
    endpoints = wanted.get("NetworkingConfig", {}).get("EndpointsConfig", {})
    if any(network != mode for network in endpoints) or (endpoints and mode == "none"):
        raise Refusal("NetworkingConfig: another network than NetworkMode")


def networks_of(wanted: dict[str, Any]) -> list[str]:
    """The networks, by name, that the container will be in."""
    mode = wanted["HostConfig"]["NetworkMode"]
    return [] if mode == "none" else [mode]


def volumes_of(wanted: dict[str, Any]) -> dict[str, bool]:
    """The named volumes that the container will see, and whether each is to be in memory.

    That is said to the engine when the volume is made, and taken out of the body.
    """
    found: dict[str, bool] = {}
    for mount in wanted["HostConfig"].get("Mounts", ()):
        is_in_memory = mount.pop("VolumeOptions", None) is not None
        if "Source" not in mount and is_in_memory:
            raise Refusal("HostConfig.Mounts: a volume in memory needs a name")
        if found.get(mount.get("Source"), is_in_memory) != is_in_memory:
            raise Refusal("HostConfig.Mounts: one volume, two kinds")
        if "Source" in mount:
            found[mount["Source"]] = is_in_memory
    return found
