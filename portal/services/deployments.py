"""What runs where, and bringing it back when it does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand, environments_with
from portal.domain.container import ContainerSpec, Network
from portal.domain.deployment import Deployment, Replica
from portal.domain.errors import PortalError, Refused
from portal.domain.rollout import Rollout, State
from portal.domain.rollout_view import MatrixCell
from portal.domain.route import ServerState, TrafficFacts
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.container_inputs import container_spec
from portal.services.secret_box import SecretBox
from portal.services.secret_delivery import SecretDelivery
from portal.store import catalogue, holds, rollouts, routing
from portal.store import deployments as store
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class Deployments:
    database: Database
    containers: Containers
    traffic: Traffic
    network: Network
    box: SecretBox
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

    def restore(self) -> int:
        """Start again what should run and does not, where no rollout is at work, and tell the proxy what it should do.

        How many containers were started. A container that cannot be started is left for the next time.
        """
        with self.database.reading() as session:
            wanted = _left_alone(session)
            table = routing.table(session)
        running = {c.name for c in self.containers.list() if c.is_running} if wanted else set[str]()
        started = sum(self._start(replica) for replica in wanted if replica.name not in running)
        self.traffic.apply(table)
        return started

    def rest(self) -> None:
        """Stop every container of this portal, all at the same time; `restore` starts them again. Another portal's on
        the same engine go on."""
        with self.database.reading() as session:
            own = {replica.name for replica in routing.replicas(session)}
        running = [c.name for c in self.containers.list() if c.is_running and c.name in own]
        with ThreadPoolExecutor(max_workers=16) as pool:
            list(pool.map(self.containers.stop, running))

    def _start(self, replica: Replica) -> bool:
        with self.database.reading() as session:
            if replica not in _left_alone(session):  # a rollout has begun meanwhile, and may have removed it
                return False
            spec = container_spec(session, replica, network=self.network.name, box=self.box)
        try:
            self.containers.ensure_network(self.network)
            self.delivery.prepare(replica)
            self._run(spec)
        except PortalError:
            return False
        return True

    def _run(self, spec: ContainerSpec) -> None:
        """A container whose network was taken away and made again meanwhile never starts again: it is made anew."""
        self.containers.create(spec)
        try:
            self.containers.start(spec.name)
        except Refused:
            self.containers.remove(spec.name)
            self.containers.create(spec)
            self.containers.start(spec.name)


def _left_alone(session: Session) -> list[Replica]:
    """The containers that should run, that no rollout is at work on and that nobody has stopped on purpose."""
    at_work = [r for r in rollouts.active(session) if r.state is not State.HALTED]
    busy = {(r.service, r.environment) for r in at_work}
    held = holds.every(session)
    return [r for r in routing.replicas(session) if (r.service, r.environment) not in busy and r.name not in held]


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
