"""Builds the portal from its parts: the one place that knows which adapter is behind which port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portal.domain.container import Network
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.traffic import AccessLog, Traffic
from portal.services.audit import Audit
from portal.services.catalogue import Catalogue
from portal.services.deployments import Deployments
from portal.services.identity import Identity
from portal.services.releases import Releases
from portal.services.rollout_effects import Effects
from portal.services.rollout_engine import RolloutEngine
from portal.services.rollout_views import RolloutViews
from portal.services.rollout_world import World
from portal.services.rollouts import Rollouts
from portal.services.traffic_watch import Rates, TrafficWatch
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """What a portal is made of. `network` holds the containers of all environments."""

    database: Database
    clock: Clock
    containers: Containers
    traffic: Traffic
    access_log: AccessLog
    network: Network
    anchor_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Core:
    """The portal's services, for the pages, the REST API, the command line and the workers."""

    parts: Parts
    topics: Topics
    audit: Audit
    catalogue: Catalogue
    releases: Releases
    deployments: Deployments
    rollouts: Rollouts
    views: RolloutViews
    identity: Identity
    engine: RolloutEngine
    watch: TrafficWatch
    rates: Rates

    @property
    def database(self) -> Database:
        return self.parts.database

    @property
    def clock(self) -> Clock:
        return self.parts.clock

    @property
    def containers(self) -> Containers:
        return self.parts.containers

    @property
    def traffic(self) -> Traffic:
        return self.parts.traffic


def assemble(parts: Parts) -> Core:
    """A portal from given parts; nothing is started."""
    database, clock, topics, rates = parts.database, parts.clock, Topics(), Rates()
    audit = Audit(database, clock, anchor_file=parts.anchor_file)
    world = World(database, clock, parts.containers, parts.traffic)
    effects = Effects(database, clock, parts.containers, parts.traffic, parts.network)
    return Core(
        parts=parts,
        topics=topics,
        audit=audit,
        catalogue=Catalogue(database, clock, audit),
        releases=Releases(database, clock, audit, containers=parts.containers),
        deployments=Deployments(database, parts.containers, parts.traffic, parts.network),
        rollouts=Rollouts(database, clock, audit, topics=topics, containers=parts.containers),
        views=RolloutViews(database, world, rates),
        identity=Identity(database, clock, audit),
        engine=RolloutEngine(database, clock, audit, topics, world, effects),
        watch=TrafficWatch(database, clock, parts.access_log, topics=topics, rates=rates),
        rates=rates,
    )


_current: Core | None = None


def use(instance: Core) -> None:
    """Make this the portal of the process."""
    global _current  # noqa: PLW0603 - the process has one portal
    _current = instance


def core() -> Core:
    """The portal of the process; `use` comes first."""
    if _current is None:
        raise RuntimeError("the portal has not been built yet: call wiring.use first")
    return _current
