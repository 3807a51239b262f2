"""One service wherever it is: its containers with the proxy's word, its share of the traffic, and what ran before."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.access import Actor, Permission, demand, environments_with
from portal.domain.deployment import Deployment, Replica
from portal.domain.errors import PortalError
from portal.domain.rollout import Rollout
from portal.domain.route import Slot, TrafficFacts
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.traffic_watch import Rates
from portal.store import catalogue, deployments, rollouts, routing
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class PlacedReplica:
    """One container. `server` is what the proxy says of it (absent if nothing), `share` the traffic of its version
    in per cent; None where the proxy is silent.
    """

    name: str
    version: str
    address: str
    server: str
    is_running: bool | None
    restarts: int
    is_candidate: bool
    share: int | None


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """A service in one environment. `previous` is the version that ran there before and could come back."""

    environment: str
    deployment: Deployment | None
    requests_per_second: float
    replicas: tuple[PlacedReplica, ...]
    rollout: Rollout | None
    previous: str


@dataclass(frozen=True, slots=True)
class ServicePlaces:
    database: Database
    containers: Containers
    traffic: Traffic
    rates: Rates

    def of(self, actor: Actor, service: str) -> tuple[ServicePlace, ...]:
        """In the order of promotion, of the environments that the actor may see. NotFound("service_missing")."""
        demand(actor, Permission.VIEW)
        seen = environments_with(actor, Permission.VIEW)
        live = self.traffic.observe()
        engine = self._engine()
        with self.database.reading() as session:
            catalogue.service(session, service)
            places = [e.name for e in catalogue.environments(session) if seen is None or e.name in seen]
            running = {r.environment: r for r in rollouts.active(session) if r.service == service}
            found: list[ServicePlace] = []
            for name in places:
                current = deployments.get(session, service, name)
                wanted = routing.replicas(session, service, name)
                found.append(
                    ServicePlace(
                        environment=name,
                        deployment=current,
                        requests_per_second=self.rates.requests_per_second(f"{service}@{name}"),
                        replicas=tuple(_placed(r, current, engine, live) for r in wanted),
                        rollout=running.get(name),
                        previous=_previous(rollouts.promoted(session, service, name, limit=10), current),
                    )
                )
        return tuple(found)

    def _engine(self) -> dict[str, tuple[bool, int]] | None:
        """Whether each container runs and how often it was restarted; None if the engine does not answer."""
        try:
            return {c.name: (c.is_running, c.restart_count) for c in self.containers.list()}
        except PortalError:
            return None


def _placed(
    replica: Replica, current: Deployment | None, engine: dict[str, tuple[bool, int]] | None, live: TrafficFacts
) -> PlacedReplica:
    route = f"{replica.service}@{replica.environment}"
    server = next((s.state for s in live.slot_servers(route, replica.slot) if s.name == replica.name), "absent")
    is_running, restarts = (None, 0) if engine is None else engine.get(replica.name, (False, 0))
    return PlacedReplica(
        name=replica.name,
        version=replica.version,
        address=replica.address,
        server=str(server),
        is_running=is_running,
        restarts=restarts,
        is_candidate=current is not None and replica.slot is not current.slot,
        share=_share(route, replica.slot, live),
    )


def _share(route: str, slot: Slot, live: TrafficFacts) -> int | None:
    green = live.green_percent(route) if live.is_alive else None
    if green is None:
        return None
    return green if slot is Slot.GREEN else 100 - green


def _previous(kept: tuple[Rollout, ...], current: Deployment | None) -> str:
    """The newest version that ran there and is not the present one."""
    if current is None:
        return ""
    return next((r.to_version for r in kept if r.to_version != current.version), "")
