"""One release running in one environment: what should be there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.domain.route import Slot


@dataclass(frozen=True, slots=True)
class Deployment:
    """The desired state of a service in an environment, with the slot that serves it.

    `configuration` is the number of the snapshot of settings that its containers have, 0 for none of their own.
    """

    service: str
    environment: str
    version: str
    image: str
    slot: Slot
    replicas: int
    rollout_id: int | None = None
    deployed_by: str = ""
    deployed_at: datetime | None = None
    configuration: int = 0


@dataclass(frozen=True, slots=True)
class Replica:
    """One container that is wanted in a slot, at its fixed address. `is_routed`: the proxy should know it.

    `configuration` is the number of the snapshot of settings that it has been given.
    """

    name: str
    service: str
    environment: str
    slot: Slot
    version: str
    image: str
    number: int
    address: str
    port: int
    operation_id: int
    is_routed: bool = False
    configuration: int = 0


def replica_name(target: str, version: str, *, number: int, generation: str) -> str:
    """A container name that is never used again, by this portal or another one on the same engine."""
    plain = version.replace("+", "_")
    return f"cfp-{target.replace('@', '-')}-{plain}-{generation}-{number}"
