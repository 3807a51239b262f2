"""Puts together the life of deployments and environments, their size and their data: part of the wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.keeping_parts import Tools
from portal.services.catalogue import Catalogue
from portal.services.data_copies import DataCopies
from portal.services.data_copy_job import DataCopyJob
from portal.services.environment_life import EnvironmentLife
from portal.services.environment_removal import EnvironmentRemoval
from portal.services.helper_containers import HelperContainers
from portal.services.job_run import JobKind
from portal.services.jobs import Jobs
from portal.services.replica_moves import ReplicaMoves
from portal.services.rollouts import Rollouts
from portal.services.scale_job import ScaleJob
from portal.services.scaling import Scaling
from portal.services.traffic_watch import Rates


def scaling(tools: Tools, jobs: Jobs, *, rates: Rates) -> Scaling:
    parts = tools.parts
    return Scaling(parts.database, parts.clock, tools.audit, jobs, parts.containers, rates)


def data_copies(tools: Tools, jobs: Jobs) -> DataCopies:
    parts = tools.parts
    return DataCopies(parts.database, parts.clock, tools.audit, jobs, parts.containers, box=tools.box)


def environment_life(tools: Tools, jobs: Jobs, *, catalogue: Catalogue, rollouts: Rollouts) -> EnvironmentLife:
    parts, data = tools.parts, data_copies(tools, jobs)
    return EnvironmentLife(parts.database, parts.clock, tools.audit, jobs, catalogue, rollouts=rollouts, data=data)


def replica_moves(tools: Tools) -> ReplicaMoves:
    return ReplicaMoves(tools.parts.database, tools.parts.clock, tools.parts.traffic, tools.making)


def life_kinds(tools: Tools) -> Mapping[str, Callable[[], JobKind]]:
    """Kinds of long work, each made when it is first needed."""
    return {
        "scale": lambda: ScaleJob(replica_moves(tools), tools.audit),
        "data_copy": lambda: _data_copy(tools),
        "environment_removal": lambda: _removal(tools),
    }


def _removal(tools: Tools) -> JobKind:
    parts = tools.parts
    return EnvironmentRemoval(replica_moves(tools), Catalogue(parts.database, parts.clock, tools.audit))


def _data_copy(tools: Tools) -> JobKind:
    parts = tools.parts
    helpers = HelperContainers(parts.containers, parts.network)
    return DataCopyJob(parts.database, parts.clock, tools.audit, helpers=helpers, box=tools.box)
