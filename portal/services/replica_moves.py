"""Takes single containers of a deployment into the traffic and out of it, so that no request notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from portal.domain.deployment import Deployment, Replica, replica_name
from portal.domain.errors import PortalError, Refused
from portal.domain.route import ServerState, TrafficFacts, route_key
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.making import Making
from portal.store import catalogue, routing
from portal.store.database import Database

GATE_SECONDS = 90.0
DRAIN_SECONDS = 75.0  # a proxy lets requests that go on finish for thirty
PACE_SECONDS = 0.1
Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class ReplicaMoves:
    """Every step may be done again after a crash. `pause` is called between two looks, and may raise to stop."""

    database: Database
    clock: Clock
    traffic: Traffic
    making: Making

    @property
    def containers(self) -> Containers:
        return self.making.containers

    def own(self, deployment: Deployment) -> tuple[Replica, ...]:
        """The containers of the slot that serves, by number."""
        with self.database.reading() as session:
            every = routing.replicas(session, deployment.service, deployment.environment)
        return tuple(sorted((r for r in every if r.slot is deployment.slot), key=lambda r: r.number))

    def plan(self, deployment: Deployment, number: int, *, generation: str) -> str:
        """Its name, once it is written down with an address of its own; nothing happens if it was before."""
        name = replica_name(
            route_key(deployment.service, deployment.environment),
            deployment.version,
            number=number,
            generation=generation,
        )
        with self.database.transaction() as session:
            if any(r.name == name for r in routing.replicas(session, deployment.service, deployment.environment)):
                return name
            port = catalogue.service(session, deployment.service).port
            routing.add_replica(
                session,
                Replica(
                    name=name,
                    service=deployment.service,
                    environment=deployment.environment,
                    slot=deployment.slot,
                    version=deployment.version,
                    image=deployment.image,
                    number=number,
                    address=routing.take_address(session, self.making.network.subnet, self.clock.now()),
                    port=port,
                    operation_id=deployment.rollout_id or 0,
                    configuration=deployment.configuration,
                ),
            )
        return name

    def admit(self, deployment: Deployment, names: Sequence[str], *, pause: Pause) -> None:
        """They run, pass the proxy's fresh checks and take requests. Refused("scale_unhealthy", names=…) if some do
        not pass in time; they take none then.
        """
        self._start(deployment, names)
        with self.database.transaction() as session:
            routing.set_routed(session, names, is_routed=True)
            routing.bump(session)
        key, end = route_key(deployment.service, deployment.environment), monotonic() + GATE_SECONDS
        while waiting := set(names) - _up(self._stride(), key):
            if monotonic() > end:
                raise Refused("scale_unhealthy", names=", ".join(sorted(waiting)), seconds=int(GATE_SECONDS))
            pause(PACE_SECONDS)

    def _start(self, deployment: Deployment, names: Sequence[str]) -> None:
        for replica in self.own(deployment):
            if replica.name in names:
                with self.database.reading() as session:
                    spec = self.making.spec(session, replica)
                self.making.prepare(replica)
                self.containers.create(spec)
                self.containers.start(replica.name)

    def withdraw(self, deployment: Deployment, names: Sequence[str], *, pause: Pause) -> None:
        """They get no new request, finish those that go on, and are gone."""
        with self.database.transaction() as session:
            routing.set_routed(session, names, is_routed=False)
            routing.bump(session)
        key, end = route_key(deployment.service, deployment.environment), monotonic() + DRAIN_SECONDS
        while set(names) & _known(self._stride(), key) and monotonic() < end:
            pause(PACE_SECONDS)
        self.clear(deployment.service, names)

    def clear(self, service: str, names: Sequence[str]) -> None:
        """Forget them first, so that nobody starts them again, then stop and remove them."""
        with self.database.transaction() as session:
            grace = catalogue.service(session, service).stop_grace_seconds
            for name in names:
                routing.give_back(session, name, self.clock.now())
        for name in names:
            self.containers.stop(name, grace_seconds=grace)
            self.containers.remove(name)

    def drop(self, service: str, names: Sequence[str]) -> None:
        """At once, without waiting for anybody: for containers that never took a request."""
        with self.database.transaction() as session:
            routing.set_routed(session, names, is_routed=False)
            routing.bump(session)
        with suppress(PortalError):  # the proxy learns it with the next table that it gets
            self._stride()
        self.clear(service, names)

    def _stride(self) -> TrafficFacts:
        with self.database.reading() as session:
            table = routing.table(session)
        self.traffic.apply(table)
        return self.traffic.observe()


def _up(live: TrafficFacts, key: str) -> set[str]:
    return {s.name for s in live.servers if s.route == key and s.state is ServerState.UP}


def _known(live: TrafficFacts, key: str) -> set[str]:
    return {s.name for s in live.servers if s.route == key and s.state is not ServerState.ABSENT}
