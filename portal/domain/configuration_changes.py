"""Settings as containers have them, what is different between two of those, and what it takes to get from one to the
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from portal.domain.configuration import CPU, MEMORY, REPLICAS, Contract, Effect, Value, bytes_of, cores_of, written
from portal.domain.configuration_layers import Resolved
from portal.domain.container import Limits


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as it was given to containers, with the layer (and its version) that it came from."""

    value: Value
    effect: Effect = Effect.SWAP
    variable: str = ""
    layer: str = ""
    version: int = 0
    is_listed: bool = True  # in the contract, and so in the file too


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All settings of a service in an environment at one moment; never changed once it is kept. 0: not kept."""

    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    file: str = ""  # empty: there is none
    signal: str = ""
    reload_path: str = ""
    limits: Limits = Limits()
    id: int = 0
    at: datetime | None = None

    @property
    def variables(self) -> dict[str, str]:
        """What a container gets as variables."""
        return {s.variable: written(s.value) for s in self.settings.values() if s.variable}

    @property
    def content(self) -> dict[str, Value]:
        """What its file says."""
        return {name: s.value for name, s in sorted(self.settings.items()) if s.is_listed and not _is_resource(name)}

    @property
    def replicas(self) -> int:
        """0: as many as the environment says."""
        found = self.settings.get(REPLICAS)
        return int(found.value) if found else 0

    @property
    def made_with(self) -> tuple[object, ...]:
        """What a container is made with and keeps to its end: two snapshots that are equal in this need no new one."""
        return (self.variables, self.file, self.limits)


def _is_resource(name: str) -> bool:
    return name in (REPLICAS, CPU, MEMORY)


def snapshot_of(contract: Contract, resolved: Iterable[Resolved], *, limits: Limits) -> Snapshot:
    """What containers are given by these settings. What the image says of itself is left to the image."""
    own = (r for r in resolved if r.value is not None and r.origin is not None and not r.is_from_image)
    settings = {r.key.name: _setting(contract, r) for r in own}
    values = {name: setting.value for name, setting in settings.items()}
    if CPU in values:
        limits = replace(limits, cpu_cores=cores_of(str(values[CPU])))
    if MEMORY in values:
        limits = replace(limits, memory_bytes=bytes_of(str(values[MEMORY])))
    has_file = bool(contract.keys)
    return Snapshot(
        settings,
        file=contract.file if has_file else "",
        signal=contract.signal if has_file and not contract.reload_path else "",
        reload_path=contract.reload_path if has_file else "",
        limits=limits,
    )


def _setting(contract: Contract, resolved: Resolved) -> Setting:
    key, origin = resolved.key, resolved.origin
    assert origin is not None
    assert resolved.value is not None
    is_variable = key.effect is Effect.SWAP and not key.is_resource
    return Setting(
        value=resolved.value,
        effect=key.effect,
        variable=key.variable_name if is_variable else "",
        layer=origin.scope.id,
        version=origin.version,
        is_listed=contract.is_known(key.name),
    )


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One key that is different. None: it is not set there."""

    name: str
    old: Value | None
    new: Value | None
    effect: Effect = Effect.SWAP

    @property
    def kind(self) -> ChangeKind:
        if self.old is None:
            return ChangeKind.ADDED
        return ChangeKind.REMOVED if self.new is None else ChangeKind.CHANGED


def changes_of(old: Mapping[str, Value], new: Mapping[str, Value]) -> tuple[Change, ...]:
    """Key by key, by name. 1 and 1.0 and True are different values."""
    names = sorted({*old, *new})
    pairs = ((name, old.get(name), new.get(name)) for name in names)
    return tuple(Change(name, a, b) for name, a, b in pairs if (type(a), a) != (type(b), b))


def snapshot_changes(old: Snapshot, new: Snapshot) -> tuple[Change, ...]:
    """What is different for the containers, each with how it takes effect: the harder way where both name one."""
    values = ({n: s.value for n, s in shot.settings.items()} for shot in (old, new))
    return tuple(replace(change, effect=_effect(change.name, old, new)) for change in changes_of(*values))


def _effect(name: str, old: Snapshot, new: Snapshot) -> Effect:
    known = [shot.settings[name] for shot in (old, new) if name in shot.settings]
    effects = [setting.effect for setting in known]
    is_moved = len(known) == 2 and known[0].variable != known[1].variable
    if is_moved or old.file != new.file:
        return Effect.SWAP
    return max(effects, key=lambda effect: effect.weight, default=Effect.SWAP)


def needed(changes: Iterable[Change]) -> Effect | None:
    """The hardest way among them; None if there is nothing to do."""
    return max((change.effect for change in changes), key=lambda effect: effect.weight, default=None)


def with_gentle(old: Snapshot, new: Snapshot, *, names: Iterable[str] | None = None) -> Snapshot:
    """The old one, with the new values of those keys that reach a running container. `names` narrows them; what takes
    new containers stays as it was.
    """
    gentle = {c.name for c in snapshot_changes(old, new) if c.effect is not Effect.SWAP}
    wanted = gentle if names is None else gentle & set(names)
    settings = {name: s for name, s in old.settings.items() if name not in wanted}
    settings |= {name: new.settings[name] for name in wanted if name in new.settings}
    kept = replace(old, settings=settings, id=0, at=None)
    return replace(kept, signal=new.signal, reload_path=new.reload_path) if old.file else kept
