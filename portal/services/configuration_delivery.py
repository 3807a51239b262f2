"""Brings to running containers the settings that they should have, again and again until they have them.

A live key: the file is rewritten, and the service told to read it. A key that takes a restart: the file is rewritten,
and one container after the other leaves the traffic, starts anew, and comes back once it is well. Whatever dies in
between, the next look finds who is behind and goes on.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from sqlmodel import Session

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.domain.configuration_changes import Effect, Snapshot, needed, snapshot_changes
from portal.domain.deployment import Deployment, Replica
from portal.domain.errors import PortalError
from portal.domain.route import ServerState
from portal.domain.service import Service
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services import configuration_effects as effects
from portal.services import configuration_snapshots as snapshots
from portal.services.audit import Audit
from portal.services.container_inputs import settings_file
from portal.store import catalogue, deployments, holds, routing
from portal.store.database import Database

POLL_SECONDS, PACE_SECONDS = 1.0, 0.1
TOPIC = "configuration"


class Ask(Protocol):
    def __call__(self, address: str, port: int, *, path: str) -> None:
        """Tell the service there, by a POST to the path, to read its settings again."""
        ...


@dataclass(frozen=True, slots=True)
class Behind:
    """A container with other settings than it should have."""

    service: Service
    deployment: Deployment
    replica: Replica
    old: Snapshot
    new: Snapshot
    others: tuple[Replica, ...]

    @property
    def effect(self) -> Effect | None:
        return needed(snapshot_changes(self.old, self.new))


@dataclass(slots=True)
class Delivery:
    """`troubles`: what stood in the way at the last look, by container."""

    database: Database
    clock: Clock
    audit: Audit
    containers: Containers
    traffic: Traffic
    topics: Topics
    ask: Ask
    troubles: dict[str, PortalError] = field(default_factory=dict[str, PortalError])
    _seen: int = -1
    _halt: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Wait until something is to be done, at most a second, and do what can be done now."""
        self._seen = self.topics.wait(TOPIC, self._seen, timeout_seconds=POLL_SECONDS)
        while self.look():
            self._halt.wait(PACE_SECONDS)

    def look(self) -> bool:
        """One step for every container that is behind; whether there is more to do soon."""
        behind = self.behind()
        self.troubles = {name: e for name, e in self.troubles.items() if any(b.replica.name == name for b in behind)}
        restarted: set[tuple[str, str]] = set()
        is_more = False
        for one in behind:
            place = (one.replica.service, one.replica.environment)
            if one.effect is Effect.RESTART:
                if place in restarted:
                    continue
                restarted.add(place)
            is_more |= self._try(one)
        return is_more

    def behind(self) -> tuple[Behind, ...]:
        """Those that can be brought up to date as they are: no rollout is at work there, nobody holds them."""
        found: list[Behind] = []
        with self.database.reading() as session:
            held = holds.every(session)
            for deployment in deployments.every(session):
                rows = routing.replicas(session, deployment.service, deployment.environment)
                mine = tuple(r for r in rows if r.slot is deployment.slot)
                late = [r for r in mine if r.configuration != deployment.configuration and r.name not in held]
                if not late or effects.at_work(session, deployment.service, deployment.environment) is not None:
                    continue
                service = catalogue.service(session, deployment.service)
                new = snapshots.given(session, service, deployment.configuration)
                for replica in late:
                    old = snapshots.given(session, service, replica.configuration)
                    if old.made_with == new.made_with:
                        others = tuple(r for r in mine if r.name != replica.name)
                        found.append(Behind(service, deployment, replica, old, new, others))
        return tuple(found)

    def _try(self, one: Behind) -> bool:
        try:
            is_done = self._bring(one)
        except PortalError as error:
            self.troubles[one.replica.name] = error
            return False
        self.troubles.pop(one.replica.name, None)
        return is_done

    def _bring(self, one: Behind) -> bool:
        name = one.replica.name
        if one.effect is Effect.RESTART:
            return self._restart(one)
        if one.new.file:
            self.containers.rewrite_file(name, settings_file(one.new))
            self._reload(one)
        self._settle(one)
        return True

    def _reload(self, one: Behind) -> None:
        if one.new.reload_path:
            self.ask(one.replica.address, one.replica.port, path=one.new.reload_path)
        elif one.new.signal:
            self.containers.signal(one.replica.name, one.new.signal)

    def _restart(self, one: Behind) -> bool:
        """One step of it; the others serve meanwhile, if there are others and all are well."""
        if any(self._state(other.name) is not ServerState.UP for other in one.others):
            self._bring_traffic()
            return True
        told = self.containers.inspect(one.replica.name).id
        self.containers.rewrite_file(one.replica.name, settings_file(one.new))
        if one.others:
            self._route(one, is_routed=False)
            if self._state(one.replica.name) is not ServerState.ABSENT:
                return True
        self.containers.restart(one.replica.name, grace_seconds=one.service.stop_grace_seconds)
        if self.containers.inspect(one.replica.name).id != told:
            return True  # healing saw it down and made it anew with the old file: once more
        self._settle(one)
        self._bring_traffic()
        return True

    def _state(self, name: str) -> ServerState:
        servers = self.traffic.observe().servers
        return next((server.state for server in servers if server.name == name), ServerState.ABSENT)

    def _route(self, one: Behind, *, is_routed: bool) -> None:
        with self.database.transaction() as session:
            routing.set_routed(session, [one.replica.name], is_routed=is_routed)
            routing.bump(session)
        self._bring_traffic()

    def _bring_traffic(self) -> None:
        with self.database.reading() as session:
            table = routing.table(session)
        self.traffic.apply(table)

    def _settle(self, one: Behind) -> None:
        """It has them; the last of its place is told in the trail."""
        place = (one.replica.service, one.replica.environment)
        with self.database.transaction() as session:
            routing.set_configuration(session, one.replica.name, one.deployment.configuration)
            if one.effect is Effect.RESTART:
                routing.set_routed(session, [one.replica.name], is_routed=True)
                routing.bump(session)
            rows = routing.replicas(session, *place)
            mine = [r for r in rows if r.slot is one.deployment.slot]
            if all(r.configuration == one.deployment.configuration for r in mine):
                self._record(session, one, count=len(mine))
        self.topics.publish(f"{TOPIC}:{place[0]}@{place[1]}")

    def _record(self, session: Session, one: Behind, *, count: int) -> None:
        keys = ", ".join(change.name for change in snapshot_changes(one.old, one.new))[:300]
        entry = AuditEntry(
            SYSTEM.name,
            SYSTEM.kind,
            "configuration.delivered",
            "configuration",
            f"{one.replica.service}@{one.replica.environment}",
            environment=one.replica.environment,
            params={"keys": keys, "count": str(count), "effect": str(one.effect or Effect.LIVE)},
        )
        self.audit.record(session, entry)
