"""The job that takes an environment away: containers, routes and volumes; its history and the trail stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portal.domain.access import SYSTEM, Permission
from portal.domain.data_store import StoreKind
from portal.domain.errors import Conflict
from portal.services.catalogue import Catalogue
from portal.services.job_run import JobRun
from portal.services.replica_moves import ReplicaMoves
from portal.store import copies, deployments, rollouts, routing, scaling

KIND = "environment_removal"


class EnvironmentRemoval:
    """The document has `environment`. Each step finds what is still there."""

    permission = Permission.ENVIRONMENT_EDIT

    def __init__(self, moves: ReplicaMoves, catalogue: Catalogue) -> None:
        self._moves, self._catalogue, self._database = moves, catalogue, moves.database

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        del document
        return ("containers", "volumes", "archive")

    def perform(self, step: str, run: JobRun) -> None:
        acts: dict[str, Callable[[JobRun, str], None]] = {
            "containers": self._remove_containers,
            "volumes": self._remove_volumes,
            "archive": self._archive,
        }
        acts[step](run, run.document["environment"])

    def _remove_containers(self, run: JobRun, environment: str) -> None:
        with self._database.reading() as session:
            running = [r for r in rollouts.active(session) if r.environment == environment]
            if running:
                raise Conflict("rollout_running", id=running[0].id, version=running[0].to_version)
            every = [r for r in routing.replicas(session) if r.environment == environment]
        services = sorted({replica.service for replica in every})
        for done, service in enumerate(services):
            run.progress(done, len(services), unit="containers")
            self._moves.drop(service, [r.name for r in every if r.service == service])
        with self._database.transaction() as session:
            for deployment in deployments.every(session):
                if deployment.environment == environment:
                    deployments.forget(session, deployment.service, environment)
            routing.forget(session, environment)

    def _remove_volumes(self, run: JobRun, environment: str) -> None:
        """Those that are named as its data. Conflict("volume_in_use") while something else has one."""
        with self._database.reading() as session:
            stores = [s for s in copies.stores(session, environment) if s.kind is StoreKind.VOLUME]
        for done, store in enumerate(stores):
            run.progress(done, len(stores), unit="files")
            self._moves.containers.host.remove_volume(store.volume)
        with self._database.transaction() as session:
            copies.forget_environment(session, environment)
            scaling.forget(session, environment)

    def _archive(self, run: JobRun, environment: str) -> None:
        self._catalogue.archive_environment(SYSTEM, environment, is_archived=True, reason=run.job.reason)

    def clean(self, run: JobRun) -> None:
        """Nothing is left in the way."""
