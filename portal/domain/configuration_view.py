"""What a person needs to see of the settings of a service in an environment, and of a change before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.domain.configuration import Contract
from portal.domain.configuration_changes import Change, Snapshot, needed
from portal.domain.configuration_layers import Layer, Resolved, Scope
from portal.domain.configuration_version import Version
from portal.domain.deployment import Deployment
from portal.domain.errors import Invalid


@dataclass(frozen=True, slots=True)
class ReplicaSettings:
    """A container and the snapshot that it has."""

    name: str
    configuration: int


@dataclass(frozen=True, slots=True)
class ConfigurationView:
    """`image` is what the image brings with it, `runs` what the containers have (None if nothing is deployed),
    `pending` what they would get on top of that. `rollout_id` is that of a rollout at work there, for which everything
    else waits.
    """

    service: str
    environment: str
    contract: Contract
    resolved: tuple[Resolved, ...]
    layers: tuple[Layer, ...]
    image: Mapping[str, str] = field(default_factory=dict[str, str])
    deployment: Deployment | None = None
    runs: Snapshot | None = None
    replicas: tuple[ReplicaSettings, ...] = ()
    pending: tuple[Change, ...] = ()
    problem: Invalid | None = field(default=None, compare=False)
    rollout_id: int | None = None
    proposals: tuple[Version, ...] = ()
    approvals: int = 0

    @property
    def behind(self) -> int:
        """How many containers have yet to be told."""
        wanted = self.deployment.configuration if self.deployment else 0
        return sum(replica.configuration != wanted for replica in self.replicas)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a change does to a service somewhere."""

    service: str
    environment: str
    changes: tuple[Change, ...]

    @property
    def effect(self) -> str:
        return needed(self.changes) or ""


@dataclass(frozen=True, slots=True)
class EditPreview:
    """A change before it is made: key by key, what follows where, and how many people have to agree."""

    scope: Scope
    base: int
    changes: tuple[Change, ...]
    consequences: tuple[Consequence, ...] = ()
    approvals: int = 0
