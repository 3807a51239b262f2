"""Compares a container as it is with how it should be, point by point. Pure: nothing is asked of anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from portal.domain.container import (
    LABEL_ADDRESS,
    LABEL_FINGERPRINT,
    LABEL_MANAGED,
    ContainerSpec,
    Image,
    Limits,
    fingerprint,
)
from portal.domain.drift import Origin, Point
from portal.domain.engine import ContainerDetails
from portal.kit.redaction import looks_secret, redacted

OUR_LABELS = "codexfather."
HIDDEN = "•••"
ABSENT = ""
MIB = 1_048_576
LONGEST = 200
LEAST_ENGINES = {"docker": (20, 10), "podman": (4, 0)}
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def points(
    spec: ContainerSpec, found: ContainerDetails, *, image: Image | None, plain: Set[str] = frozenset()
) -> tuple[Point, ...]:
    """Everything about a container that is there. `image` is the one it should have, if the engine has it;
    `plain` are variables whose values everybody may see: those of all others are hidden.
    """
    return (
        *_state(found),
        *_image(spec, found, image),
        *_environment(spec.environment, found.environment, image=image, plain=plain),
        *_limits(spec.limits, found.limits),
        *_mounts(spec, found),
        *_labels(spec, found),
        *_network(spec, found),
        *_security(spec, found),
        _point("restart_policy", _policy(spec), found.restart_policy),
    )


def presence(name: str, *, is_wanted: bool) -> Point:
    """A container that should be there and is not, or the other way round."""
    return Point("presence", name if is_wanted else ABSENT, ABSENT if is_wanted else name)


def origin_of(spec: ContainerSpec, found: ContainerDetails) -> Origin:
    """Whether somebody changed the container, or what is wanted has changed since it was made."""
    made_as = found.container.labels.get(LABEL_FINGERPRINT, "")
    is_as_made = made_as in ("", fingerprint(spec), fingerprint(spec, has_bounds=True))
    return Origin.BY_HAND if is_as_made else Origin.PENDING


def engine_point(name: str, version: str) -> Point:
    """Whether the engine is as new as the least that the portal works with."""
    least = LEAST_ENGINES.get(name)
    if least is None:
        return Point("version", version, version, is_same=True)
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    wanted = ".".join(map(str, least))
    return Point("version", f">= {wanted}", version, is_same=not numbers or numbers >= least)


def _point(field: str, desired: str, actual: str) -> Point:
    return Point(field, desired[:LONGEST], actual[:LONGEST], is_same=desired == actual)


def _state(found: ContainerDetails) -> Iterator[Point]:
    yield _point("state", "running", str(found.container.state))


def _image(spec: ContainerSpec, found: ContainerDetails, image: Image | None) -> Iterator[Point]:
    wanted = image.id if image else spec.image
    if wanted.startswith("sha256:"):
        yield _point("image", wanted, found.container.image)


def _environment(
    wanted: Mapping[str, str], found: Mapping[str, str], *, image: Image | None, plain: Set[str]
) -> Iterator[Point]:
    """The image's own variables are nobody's change."""
    own: Mapping[str, str] = image.environment if image else {}
    for name in sorted({*wanted, *found}):
        desired, actual = wanted.get(name, own.get(name)), found.get(name)
        if name not in wanted and actual == own.get(name):
            continue
        shown = (_shown(name, value, plain) for value in (desired, actual))
        yield Point(f"environment.{name}"[:LONGEST], *shown, is_same=desired == actual)


def _shown(name: str, value: str | None, plain: Set[str]) -> str:
    if not value:
        return ABSENT
    return redacted(value)[:LONGEST] if name in plain and not looks_secret(name) else HIDDEN


def _limits(wanted: Limits, found: Limits) -> Iterator[Point]:
    yield _point("limits.cpu", _number(wanted.cpu_cores), _number(found.cpu_cores))
    yield _point("limits.memory", _mebibytes(wanted.memory_bytes), _mebibytes(found.memory_bytes))
    yield _point("limits.pids", str(wanted.pids), str(found.pids))
    yield _point("limits.log", _mebibytes(wanted.log_bytes), _mebibytes(found.log_bytes))


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _mebibytes(value: int) -> str:
    return f"{_number(value / MIB)} MiB"


def _mounts(spec: ContainerSpec, found: ContainerDetails) -> Iterator[Point]:
    """Volumes without a name that an image asks for, or that hold given files, are the engine's own business."""
    wanted = {mount.target: _volume(mount.volume, mount.is_read_only) for mount in spec.volumes}
    there = {
        mount.target: _volume(mount.source, mount.is_read_only, kind=mount.kind)
        for mount in found.mounts
        if mount.target in wanted or not (mount.kind == "volume" and _ANONYMOUS.fullmatch(mount.source))
        if mount.kind != "tmpfs"
    }
    for target in sorted({*wanted, *there}):
        yield _point(f"mount.{target}", wanted.get(target, ABSENT), there.get(target, ABSENT))


def _volume(source: str, is_read_only: bool, *, kind: str = "volume") -> str:
    return f"{kind} {source} ({'ro' if is_read_only else 'rw'})"


def _labels(spec: ContainerSpec, found: ContainerDetails) -> Iterator[Point]:
    """Ours alone; the fingerprint tells the origin of a difference and is none by itself."""
    wanted = {**spec.labels, LABEL_MANAGED: "1", **({LABEL_ADDRESS: spec.address} if spec.address else {})}
    there = {name: value for name, value in found.container.labels.items() if name.startswith(OUR_LABELS)}
    for name in sorted({*wanted, *there} - {LABEL_FINGERPRINT}):
        yield _point(f"label.{name}", wanted.get(name, ABSENT), there.get(name, ABSENT))


def _network(spec: ContainerSpec, found: ContainerDetails) -> Iterator[Point]:
    """Only a container that runs holds its network and address."""
    if not found.container.is_running:
        return
    yield _point("network", spec.network, ", ".join(sorted(found.container.networks)))
    if spec.address and spec.network in found.container.networks:
        yield _point("address", spec.address, found.container.address)
    yield _point("ports", ABSENT, ", ".join(found.confinement.ports))


def _security(spec: ContainerSpec, found: ContainerDetails) -> Iterator[Point]:
    held = found.confinement
    yield _point("security.privileged", "no", "yes" if held.is_privileged else "no")
    yield _point("security.capabilities", ABSENT, ", ".join(held.added_capabilities))
    yield _point("security.dropped", "all", "all" if held.has_dropped_all else ", ".join(held.dropped_capabilities))
    yield _point("security.new_privileges", "no", "no" if held.has_no_new_privileges else "yes")
    read_only = {True: "yes", False: "no"}
    yield _point("security.read_only", read_only[spec.is_root_read_only], read_only[found.is_root_read_only])


def _policy(spec: ContainerSpec) -> str:
    return f"on-failure:{spec.restart_attempts}" if spec.restart_attempts else "no"
