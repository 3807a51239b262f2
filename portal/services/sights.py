"""One look at everything that the portal keeps: what is wanted, what there is, and what may be touched now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from sqlmodel import Session

from portal.domain.container import LABEL_ENVIRONMENT, LABEL_SERVICE, ContainerSpec, EngineFacts, Image
from portal.domain.deployment import Replica
from portal.domain.engine import ContainerDetails
from portal.domain.errors import NotFound, PortalError
from portal.domain.healing import tended_slots
from portal.domain.route import Deviation, RoutingTable, ServerState, TrafficFacts, route_key
from portal.ports.clock import Clock
from portal.ports.traffic import Traffic
from portal.services.making import Making
from portal.store import catalogue, holds, operations, rollouts, routing
from portal.store.database import Database

IMAGES_KEPT = 200
ABOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One container that should be there, how, and what of its variables everybody may see."""

    replica: Replica
    spec: ContainerSpec
    plain: frozenset[str] = frozenset()
    is_held: bool = False

    @property
    def target(self) -> str:
        return route_key(self.replica.service, self.replica.environment)


@dataclass(frozen=True, slots=True)
class Sight:
    """`wanted` are the containers that nobody works on now, `names` all that are wanted anywhere; `strangers` are there
    and wanted by nobody. `settled` are the targets of which everything was looked at.
    """

    at: datetime
    table: RoutingTable
    wanted: tuple[Wanted, ...] = ()
    names: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    found: Mapping[str, ContainerDetails] = field(default_factory=dict[str, ContainerDetails])
    strangers: tuple[ContainerDetails, ...] = ()
    images: Mapping[str, Image] = field(default_factory=dict[str, Image])
    servers: Mapping[str, ServerState] | None = None
    deviations: tuple[Deviation, ...] = ()
    engine: EngineFacts | None = None


class Sights:
    def __init__(self, database: Database, clock: Clock, making: Making, traffic: Traffic) -> None:
        self._database, self._clock, self._traffic = database, clock, traffic
        self._making, self._containers, self._network = making, making.containers, making.network
        self._images: dict[str, Image] = {}
        self._engine: tuple[float, EngineFacts] | None = None

    def now(self) -> datetime:
        return self._clock.now()

    def take(self) -> Sight:
        """Only what was wanted before the engine was asked and still is counts: so nothing that a rollout makes or
        removes meanwhile is taken for a fault. Unavailable("engine_unreachable").
        """
        with self._database.reading() as session:
            before = _tended(session)
        census = self._containers.census()
        live = self._traffic.observe()
        with self._database.reading() as session:
            after = _tended(session)
            table = routing.table(session)
            names = {replica.name for replica in routing.replicas(session)}
            kept = [replica for name, replica in after.replicas.items() if before.replicas.get(name) == replica]
            wanted = [made for replica in kept if (made := self._wanted(session, replica))]
            known = {(s, e) for s in _services(session) for e in _environments(session)}
        settled = before.targets(known) & after.targets(known)
        found = {details.container.name: details for details in census}
        return Sight(
            at=self._clock.now(),
            table=table,
            wanted=tuple(wanted),
            names=frozenset(names),
            settled=frozenset(settled),
            found=found,
            strangers=tuple(d for d in census if self._is_stranger(d, names | before.names, settled)),
            images=self._images_of(wanted),
            servers=_servers(live),
            deviations=self._deviations(table, settled, is_quiet=not (before.busy or after.busy)),
            engine=self._about(),
        )

    def _wanted(self, session: Session, replica: Replica) -> Wanted | None:
        """None for one of which something is missing that it should be made of."""
        try:
            spec = self._making.spec(session, replica)
            service = catalogue.service(session, replica.service)
        except NotFound:
            return None
        plain = {"PORT", "APP_VERSION"} | {n for n, v in service.environment.items() if spec.environment.get(n) == v}
        return Wanted(replica, spec, frozenset(plain), is_held=replica.name in holds.every(session))

    def _is_stranger(self, details: ContainerDetails, names: set[str], settled: set[str]) -> bool:
        """Another portal on the same engine has another network, and what it has is its own."""
        container = details.container
        labels = container.labels
        target = route_key(labels.get(LABEL_SERVICE, ""), labels.get(LABEL_ENVIRONMENT, ""))
        is_ours = self._network.name in container.networks and target in settled
        return is_ours and container.name not in names

    def _images_of(self, wanted: list[Wanted]) -> dict[str, Image]:
        references = {each.spec.image for each in wanted}
        for reference in references - self._images.keys():
            if len(self._images) >= IMAGES_KEPT:
                self._images.pop(next(iter(self._images)))
            try:
                self._images[reference] = self._containers.image(reference)
            except NotFound:
                continue
        return {reference: self._images[reference] for reference in references & self._images.keys()}

    def _deviations(self, table: RoutingTable, settled: set[str], *, is_quiet: bool) -> tuple[Deviation, ...]:
        """While something is at work the files as a whole are on their way."""
        try:
            found = self._traffic.deviations(table)
        except PortalError:
            return ()
        return tuple(d for d in found if d.field == "alive" or (d.route in settled if d.route else is_quiet))

    def _about(self) -> EngineFacts | None:
        if self._engine is None or monotonic() - self._engine[0] > ABOUT_SECONDS:
            self._engine = (monotonic(), self._containers.about())
        return self._engine[1]


@dataclass(frozen=True, slots=True)
class _Tended:
    """`busy` are the targets that somebody works on."""

    replicas: Mapping[str, Replica]
    names: set[str]
    busy: frozenset[str]

    def targets(self, known: set[tuple[str, str]]) -> set[str]:
        return {route_key(*pair) for pair in known} - self.busy


def _tended(session: Session) -> _Tended:
    at_work = {rollout.target: tended_slots(rollout) for rollout in rollouts.active(session)}
    every = routing.replicas(session)
    under_jobs = operations.locked_by_jobs(session)
    kept = {
        replica.name: replica
        for replica in every
        if (target := route_key(replica.service, replica.environment)) not in under_jobs
        if target not in at_work or replica.slot in at_work[target]
    }
    return _Tended(kept, {replica.name for replica in every}, frozenset({*at_work, *under_jobs}))


def is_tended(session: Session, name: str) -> bool:
    """Whether the container is wanted, nobody works on it, and nobody has stopped it on purpose."""
    return name in _tended(session).replicas and name not in holds.every(session)


def _services(session: Session) -> list[str]:
    return [service.name for service in catalogue.services(session, has_archived=True)]


def _environments(session: Session) -> list[str]:
    return [place.name for place in catalogue.environments(session, has_archived=True)]


def _servers(live: TrafficFacts) -> dict[str, ServerState] | None:
    return {server.name: server.state for server in live.servers} if live.is_alive else None
