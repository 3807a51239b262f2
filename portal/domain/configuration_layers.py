"""Layers of settings, one over the other, and for each key the value that counts with the reason why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from portal.domain.configuration import RESOURCES, Contract, Key, Value, checked, read
from portal.domain.errors import Invalid


class LayerKind(StrEnum):
    """From the weakest to the strongest."""

    IMAGE = "image"  # what the image brings with it
    DEFAULT = "default"  # what the service says of itself, everywhere
    TEAM = "team"
    ENVIRONMENT = "environment"  # of all services there
    SERVICE = "service"  # of this service in this environment
    HOST = "host"

    @property
    def is_editable(self) -> bool:
        return self not in (LayerKind.IMAGE, LayerKind.DEFAULT)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a layer is of: a team, an environment, a host, or a service in an environment (`shop@prod`)."""

    kind: LayerKind
    name: str

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def environment(self) -> str:
        """The one whose permissions count; empty if it concerns several."""
        match self.kind:
            case LayerKind.ENVIRONMENT:
                return self.name
            case LayerKind.SERVICE:
                return self.name.partition("@")[2]
            case _:
                return ""


def scope_of(text: str) -> Scope:
    """Invalid("layer_unknown") for something that is not a layer that can be edited."""
    kind, _, name = text.partition(":")
    if kind not in tuple(LayerKind) or not LayerKind(kind).is_editable or not 1 <= len(name) <= 90:
        raise Invalid("layer_unknown", field="layer", layer=text[:60])
    if (LayerKind(kind) is LayerKind.SERVICE) is not ("@" in name):
        raise Invalid("layer_unknown", field="layer", layer=text[:60])
    return Scope(LayerKind(kind), name)


def service_scope(service: str, environment: str) -> Scope:
    return Scope(LayerKind.SERVICE, f"{service}@{environment}")


@dataclass(frozen=True, slots=True)
class Layer:
    """`version` 0: nobody has set anything there yet."""

    scope: Scope
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    version: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from."""

    scope: Scope
    version: int
    value: Value


@dataclass(frozen=True, slots=True)
class Resolved:
    """One key: the value that counts, the layer that gave it, and what that one hides, the strongest first.

    `problem` is why the value cannot be used, in which case it is left out.
    """

    key: Key
    value: Value | None = None
    origin: Origin | None = None
    hidden: tuple[Origin, ...] = ()
    problem: Invalid | None = field(default=None, compare=False)

    @property
    def is_from_image(self) -> bool:
        return self.origin is not None and self.origin.scope.kind is LayerKind.IMAGE


def resolve(contract: Contract, layers: Sequence[Layer]) -> tuple[Resolved, ...]:
    """Every key of the contract, those of all services, and others that are let in. `layers`: the weakest first."""
    names = dict.fromkeys([key.name for key in (*RESOURCES, *contract.keys)])
    set_somewhere = {name for layer in layers for name in layer.values} - set(names)
    names |= dict.fromkeys(sorted(name for name in set_somewhere if contract.lets_in(name)))
    return tuple(_resolved(contract.key(name), layers) for name in names)


def _resolved(key: Key, layers: Sequence[Layer]) -> Resolved:
    found = [
        Origin(layer.scope, layer.version, layer.values[key.name])
        for layer in reversed(layers)
        if key.name in layer.values
    ]
    if not found:
        problem = Invalid("config_missing", field=key.name) if key.is_required else None
        return Resolved(key, problem=problem)
    winner, hidden = found[0], tuple(found[1:])
    try:
        return Resolved(key, checked(key, winner.value), winner, hidden)
    except Invalid as error:
        return Resolved(key, None, winner, hidden, error)


def image_layer(contract: Contract, variables: Mapping[str, str]) -> Layer:
    """What of the image's own variables stands for a key of the contract; what cannot be read as one is not there."""
    values: dict[str, Value] = {}
    for key in contract.keys:
        if (text := variables.get(key.variable_name)) is not None:
            try:
                values[key.name] = read(key, text)
            except Invalid:
                continue
    return Layer(Scope(LayerKind.IMAGE, ""), values)


def default_layer(contract: Contract, variables: Mapping[str, str]) -> Layer:
    """The defaults of the keys, and over them the variables that the service gives every container."""
    values: dict[str, Value] = {key.name: key.default for key in contract.keys if key.default is not None}
    names = {key.variable_name: key for key in contract.keys}
    for variable, text in variables.items():
        key = names.get(variable)
        if key is None:
            values[variable] = text
            continue
        try:
            values[key.name] = read(key, text)
        except Invalid:
            values[key.name] = text  # said as a problem of this key where it is resolved
    return Layer(Scope(LayerKind.DEFAULT, ""), values)
