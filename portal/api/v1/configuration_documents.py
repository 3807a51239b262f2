"""What the REST API shows and takes of settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from portal.api.v1.documents import Document, Order
from portal.domain.configuration import Value
from portal.domain.configuration_changes import Change
from portal.domain.configuration_layers import Origin, Resolved, Scope
from portal.domain.configuration_version import Version
from portal.domain.configuration_view import ConfigurationView, EditPreview

Values = dict[str, str | int | float | bool]


class OriginDocument(Document):
    """A layer that sets a value, and the version of it that does."""

    layer: str
    version: int
    value: Value

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Origin)
        return cls(layer=shown.scope.id, version=shown.version, value=shown.value)


class SettingDocument(Document):
    """One key, what counts, and why: the layer that won and those that it hides."""

    name: str
    value: Value | None
    effect: str = Field(description="live, restart or swap: how a change reaches what runs.")
    variable: str
    origin: OriginDocument | None
    hidden: list[OriginDocument]
    problem: str

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Resolved)
        return cls(
            name=shown.key.name,
            value=shown.value,
            effect=shown.key.effect,
            variable=shown.key.variable_name,
            origin=OriginDocument.of(shown.origin) if shown.origin else None,
            hidden=[OriginDocument.of(origin) for origin in shown.hidden],
            problem=shown.problem.code if shown.problem else "",
        )


class ChangeDocument(Document):
    """One key that is or would be different; null where it is not set."""

    name: str
    old: Value | None
    new: Value | None
    effect: str

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Change)
        return cls(name=shown.name, old=shown.old, new=shown.new, effect=shown.effect)


def changes(shown: tuple[Change, ...]) -> list[ChangeDocument]:
    return [ChangeDocument.of(change) for change in shown]


class ConfigurationDocument(Document):
    """The settings of a service in an environment. `pending` is what its containers do not have yet, `behind` how many
    are being told now."""

    service: str
    environment: str
    settings: list[SettingDocument]
    layers: dict[str, int] = Field(description="The version that each layer is at.")
    image: dict[str, str] = Field(description="What the image itself sets.")
    configuration: int = Field(description="The number of what runs there.")
    pending: list[ChangeDocument]
    behind: int
    rollout_id: int | None

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, ConfigurationView)
        return cls(
            service=shown.service,
            environment=shown.environment,
            settings=[SettingDocument.of(resolved) for resolved in shown.resolved],
            layers={layer.scope.id: layer.version for layer in shown.layers if layer.scope.kind.is_editable},
            image=dict(shown.image),
            configuration=shown.deployment.configuration if shown.deployment else 0,
            pending=changes(shown.pending),
            behind=shown.behind,
            rollout_id=shown.rollout_id,
        )


class VersionDocument(Document):
    """One change of a layer, taken (with a number), proposed or rejected."""

    id: int
    layer: str
    number: int
    state: str
    author: str
    reason: str
    at: datetime
    origin: str
    changes: list[ChangeDocument]
    approvals: int
    needed: int

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Version)
        plain = ("id", "number", "state", "author", "reason", "at", "origin", "approvals", "needed")
        return cls(
            layer=shown.scope.id,
            changes=changes(shown.changes),
            **{name: getattr(shown, name) for name in plain},
        )


class ConsequenceDocument(Document):
    """What a change does to a service somewhere."""

    service: str
    environment: str
    effect: str
    changes: list[ChangeDocument]


class ChangeAnswer(Document):
    """What would change, and the version that was made of it unless it was a dry run."""

    layer: str
    changes: list[ChangeDocument]
    consequences: list[ConsequenceDocument]
    approvals: int
    version: VersionDocument | None = None

    @classmethod
    def made(cls, preview: EditPreview, version: Version | None) -> Self:
        return cls(
            layer=preview.scope.id,
            changes=changes(preview.changes),
            consequences=[
                ConsequenceDocument(
                    service=c.service, environment=c.environment, effect=c.effect, changes=changes(c.changes)
                )
                for c in preview.consequences
            ],
            approvals=preview.approvals,
            version=VersionDocument.of(version) if version else None,
        )


class ChangesAnswer(Document):
    """What an import would change, environment by environment."""

    items: list[ChangeAnswer]


class ChangeOrder(Order):
    """Keys to set and to unset in a layer."""

    layer: str = Field(default="", max_length=100, description="Of the service there, if none is named.")
    values: Values = Field(default_factory=dict, max_length=200)
    unset: list[str] = Field(default_factory=list, max_length=200)
    reason: str = Field(max_length=500)
    base: int = Field(default=-1, description="The version that was looked at; -1 for any.")
    is_at_once: bool = Field(default=True, description="Tell running containers what they can be told.")
    is_dry_run: bool = False


class ReasonOrder(Order):
    reason: str = Field(max_length=500)


class DecisionOrder(ReasonOrder):
    is_approved: bool


class RollbackOrder(ReasonOrder):
    layer: str = Field(default="", max_length=100)
    number: int


class PromotionOrder(ReasonOrder):
    to: str = Field(max_length=60, description="The environment that gets them.")
    names: list[str] = Field(default_factory=list, max_length=200, description="All that differ, if empty.")
    is_dry_run: bool = False


class VariablesOrder(ReasonOrder):
    text: str = Field(max_length=100_000, description="A .env file.")
    is_dry_run: bool = False


class VariablesDocument(Document):
    text: str


class SchemaOrder(ReasonOrder):
    schema_: dict[str, Any] = Field(alias="schema")
    base: int = -1


class ExchangeOrder(ReasonOrder):
    environments: dict[str, Any]
    is_dry_run: bool = False


def layer_of(order_layer: str, default: Scope) -> Scope:
    """The layer that is meant. Invalid("layer_unknown")."""
    from portal.domain.configuration_layers import scope_of

    return scope_of(order_layer) if order_layer else default
