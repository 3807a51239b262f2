"""Brings back one container that should run. Each act is safe to repeat."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from portal.domain.container import ContainerSpec
from portal.domain.deployment import Replica
from portal.domain.errors import Conflict, NotFound, Refused
from portal.domain.healing import Cure
from portal.domain.route import route_key
from portal.services.making import Making
from portal.services.sights import is_tended
from portal.store import routing
from portal.store.database import Database

RESTART_GRACE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Cures:
    database: Database
    making: Making

    def perform(self, replica: Replica, cure: Cure) -> bool:
        """Whether anything was done: not where a rollout has begun to work on it meanwhile, or somebody has stopped it.

        Whatever the engine or the proxy raises.
        """
        with self.database.reading() as session:
            if not is_tended(session, replica.name):
                return False
            spec = self.making.spec(session, replica)
        self.making.prepare(replica)
        match cure:
            case Cure.RESTART:
                self.making.containers.restart(replica.name, grace_seconds=RESTART_GRACE_SECONDS)
            case Cure.RECREATE:
                self._make_anew(spec)
            case _:
                self._start(spec)
        self._follow(replica)
        return True

    def _start(self, spec: ContainerSpec) -> None:
        """One that was made otherwise, or whose network was taken away meanwhile, never starts again: it is made
        anew.
        """
        try:
            self.making.containers.create(spec)
            self.making.containers.start(spec.name)
        except (Conflict, Refused):
            self._make_anew(spec)

    def _make_anew(self, spec: ContainerSpec) -> None:
        self.making.containers.remove(spec.name)
        self.making.containers.create(spec)
        self.making.containers.start(spec.name)

    def _follow(self, replica: Replica) -> None:
        """What was given up while it was being started goes again; what got other settings meanwhile gets them too."""
        with self.database.reading() as session:
            now = next((r for r in routing.replicas(session) if r.name == replica.name), None)
            is_other = now is not None and now.configuration != replica.configuration
            spec = self.making.spec(session, now) if now is not None and is_other else None
        if now is None:
            with suppress(NotFound):
                self.making.containers.remove(replica.name)
        elif spec is not None:
            self._make_anew(spec)


def lock_of(replica: Replica) -> str:
    """What a job takes that works on the container, so that no rollout does meanwhile."""
    return route_key(replica.service, replica.environment)
