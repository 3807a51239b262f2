"""Makes a container of a service as it is wanted, with what it is given."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from portal.domain.container import ContainerSpec, Network
from portal.domain.deployment import Replica
from portal.ports.containers import Containers
from portal.services.container_inputs import container_spec
from portal.services.secret_box import SecretBox
from portal.services.secret_delivery import SecretDelivery


@dataclass(frozen=True, slots=True)
class Making:
    containers: Containers
    network: Network
    box: SecretBox
    delivery: SecretDelivery

    def spec(self, session: Session, replica: Replica) -> ContainerSpec:
        """NotFound(…) if something of it is gone."""
        return container_spec(session, replica, network=self.network.name, box=self.box)

    def prepare(self, replica: Replica) -> None:
        """Its network is there, and so is what it reads from memory."""
        self.containers.ensure_network(self.network)
        self.delivery.prepare(replica)
