"""What runs where, and bringing it back when it does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from portal.domain.access import Actor, Permission, demand, environments_with
from portal.domain.deployment import Deployment
from portal.domain.rollout import Rollout, State
from portal.domain.rollout_view import MatrixCell
from portal.domain.route import ServerState, TrafficFacts
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.secret_delivery import SecretDelivery
from portal.store import catalogue, rollouts, routing
from portal.store import deployments as store
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class Deployments:
    database: Database
    containers: Containers
    traffic: Traffic
    delivery: SecretDelivery

    def all(self, actor: Actor) -> tuple[Deployment, ...]:
        """Of those environments in which the actor may see anything."""
        demand(actor, Permission.VIEW)
        seen = environments_with(actor, Permission.VIEW)
        with self.database.reading() as session:
            every = store.every(session)
        return tuple(d for d in every if seen is None or d.environment in seen)

    def history(self, actor: Actor, service: str, environment: str) -> tuple[Rollout, ...]:
        """The rollouts that brought a version there and kept it, newest first."""
        demand(actor, Permission.VIEW, environment)
        with self.database.reading() as session:
            return rollouts.promoted(session, service, environment)

    def matrix(self, actor: Actor) -> tuple[MatrixCell, ...]:
        """Every service in every environment that the actor may see: what runs there, how it is, what is on its way."""
        demand(actor, Permission.VIEW)
        seen = environments_with(actor, Permission.VIEW)
        live = self.traffic.observe()
        with self.database.reading() as session:
            names = [(s.name, e.name) for s in catalogue.services(session) for e in catalogue.environments(session)]
            deployed = {(d.service, d.environment): d for d in store.every(session)}
            running = {(r.service, r.environment): r for r in reversed(rollouts.active(session))}
        shown = [target for target in names if seen is None or target[1] in seen]
        return tuple(_cell(target, deployed.get(target), running.get(target), live) for target in shown)

    def rest(self) -> None:
        """Stop every container of this portal, all at the same time Another portal's on the same engine go on."""
        with self.database.reading() as session:
            own = {replica.name for replica in routing.replicas(session)}
        running = [c.name for c in self.containers.list() if c.is_running and c.name in own]
        with ThreadPoolExecutor(max_workers=16) as pool:
            list(pool.map(self.containers.stop, running))


def _cell(
    target: tuple[str, str], deployment: Deployment | None, rollout: Rollout | None, live: TrafficFacts
) -> MatrixCell:
    up = _servers_up(target, deployment, live)
    return MatrixCell(
        service=target[0],
        environment=target[1],
        version=deployment.version if deployment else "",
        health=_health(deployment, up, is_halted=rollout is not None and rollout.state is State.HALTED),
        replicas_up=up,
        replicas=deployment.replicas if deployment else 0,
        rollout_id=rollout.id if rollout else None,
        rollout_state=rollout.state if rollout else "",
        to_version=rollout.to_version if rollout else "",
        percent=rollout.percent if rollout else 0,
    )


def _servers_up(target: tuple[str, str], deployment: Deployment | None, live: TrafficFacts) -> int:
    if deployment is None or not live.is_alive:
        return 0
    servers = live.slot_servers(f"{target[0]}@{target[1]}", deployment.slot)
    return sum(server.state is ServerState.UP for server in servers)


def _health(deployment: Deployment | None, up: int, *, is_halted: bool) -> str:
    """Where a rollout has halted, all is not well until somebody has decided, however many servers are up."""
    if deployment is None:
        return "none"
    if up == 0:
        return "failing"
    return "ok" if up >= deployment.replicas and not is_halted else "degraded"
