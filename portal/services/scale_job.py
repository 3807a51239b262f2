"""The job that changes how many containers a deployment has, and their bounds, while it serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from portal.domain.access import SYSTEM, Permission
from portal.domain.audit import AuditEntry
from portal.domain.deployment import Deployment, Replica
from portal.domain.errors import NotFound, Refused, Unsupported
from portal.domain.scaling import Scale
from portal.services.audit import Audit
from portal.services.container_inputs import limits_of
from portal.services.job_run import JobRun
from portal.services.replica_moves import ReplicaMoves
from portal.store import catalogue, deployments
from portal.store import scaling as store

KIND = "scale"


class ScaleJob:
    """First the bounds, then more containers, then fewer. What does not become healthy is taken back.

    The document has `service`, `environment`, and `replicas`, `cpu_cores`, `memory_bytes` where they shall change.
    """

    permission = Permission.DEPLOYMENT_SCALE

    def __init__(self, moves: ReplicaMoves, audit: Audit) -> None:
        self._moves, self._audit, self._database = moves, audit, moves.database

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        del document
        return ("limits", "add", "remove")

    def perform(self, step: str, run: JobRun) -> None:
        steps: dict[str, Callable[[JobRun, Deployment], None]] = {
            "limits": self._limit,
            "add": self._add,
            "remove": self._remove,
        }
        steps[step](run, self._deployment(run.document))

    def _deployment(self, document: Mapping[str, Any]) -> Deployment:
        with self._database.reading() as session:
            found = deployments.get(session, document["service"], document["environment"])
        if found is None:
            raise NotFound("deployment_missing", service=document["service"], environment=document["environment"])
        return found

    def _limit(self, run: JobRun, deployment: Deployment) -> None:
        self._write_down(run, deployment)
        if run.document.get("cpu_cores") is None and run.document.get("memory_bytes") is None:
            return
        replicas = [r for r in self._moves.own(deployment) if not _is_ours(run, r.name)]
        for done, replica in enumerate(replicas):
            run.progress(done, len(replicas), unit="containers")
            if not self._limit_in_place(replica):
                self._exchange(run, deployment, replica)

    def _write_down(self, run: JobRun, deployment: Deployment) -> None:
        """What is wanted from now on, and what it was before, for the way back."""
        given = {n: v for n in ("replicas", "cpu_cores", "memory_bytes") if (v := run.document.get(n)) is not None}
        with self._database.reading() as session:
            before = store.get(session, deployment.service, deployment.environment)
        if "before" not in run.memory:
            names = ("replicas", "cpu_cores", "memory_bytes")
            run.remember(before={n: getattr(before, n) for n in names}, had=deployment.replicas)
        with self._database.transaction() as session:
            now = store.get(session, deployment.service, deployment.environment)
            store.put(session, replace(now, **given))

    def _limit_in_place(self, replica: Replica) -> bool:
        """Whether the engine could do it while the container runs."""
        with self._database.reading() as session:
            service = catalogue.service(session, replica.service)
            limits = limits_of(session, service, replica.environment, configuration=replica.configuration)
        try:
            self._moves.containers.limit(replica.name, limits)
        except (Unsupported, Refused, NotFound):
            return False
        return True

    def _exchange(self, run: JobRun, deployment: Deployment, old: Replica) -> None:
        """Another container with the new bounds takes its place."""
        name = self._moves.plan(deployment, old.number, generation=f"{_generation(run)}l")
        self._moves.admit(deployment, [name], pause=run.wait)
        run.remember(kept=[*run.memory.get("kept", ()), name])
        self._moves.withdraw(deployment, [old.name], pause=run.wait)

    def _add(self, run: JobRun, deployment: Deployment) -> None:
        wanted = run.document.get("replicas")
        have = [r for r in self._moves.own(deployment) if f"-{_generation(run)}-" not in r.name]
        missing = (wanted or 0) - len(have)
        if missing <= 0:
            return
        numbers = _free_numbers({r.number for r in have}, missing)
        names = [self._moves.plan(deployment, number, generation=_generation(run)) for number in numbers]
        run.progress(0, missing, unit="containers")
        self._moves.admit(deployment, names, pause=run.wait)
        run.remember(kept=[*run.memory.get("kept", ()), *names])

    def _remove(self, run: JobRun, deployment: Deployment) -> None:
        wanted = run.document.get("replicas") or deployment.replicas
        extra = [r.name for r in self._moves.own(deployment)][wanted:]
        self._settle(run, deployment, wanted)
        run.progress(0, len(extra), unit="containers")
        if extra:
            self._moves.withdraw(deployment, extra, pause=run.wait)
        run.remember(is_done=True)

    def _settle(self, run: JobRun, deployment: Deployment, wanted: int) -> None:
        """What is wanted is what there is now: said in the trail once."""
        if run.memory.get("is_settled"):
            return
        with self._database.transaction() as session:
            deployments.put(session, replace(deployment, replicas=wanted))
            scale = store.get(session, deployment.service, deployment.environment)
            store.put(session, replace(scale, acted_at=self._moves.clock.now()))
            self._record(session, run, scale, had=run.memory.get("had", wanted), wanted=wanted)
        run.remember(is_settled=True)

    def _record(self, session: Session, run: JobRun, scale: Scale, *, had: int, wanted: int) -> None:
        params = {"service": scale.service, "from": str(had), "to": str(wanted), "job": str(run.job.id)}
        if scale.cpu_cores:
            params["cpu"] = f"{scale.cpu_cores:g}"
        if scale.memory_bytes:
            params["memory"] = str(scale.memory_bytes)
        by = run.job.requested_by
        kind = SYSTEM.kind if by == SYSTEM.name else "user"
        target = f"{scale.service}@{scale.environment}"
        entry = AuditEntry(
            by, kind, "deployment.scaled", "deployment", target, environment=scale.environment, params=params
        )
        self._audit.record(session, replace(entry, reason=run.job.reason))

    def clean(self, run: JobRun) -> None:
        """What was begun and not finished is taken back: containers that take no request yet, and what was set."""
        if run.memory.get("is_done") or run.memory.get("is_settled"):
            return
        before = run.memory.get("before")
        if before is None:
            return
        with self._database.transaction() as session:
            now = store.get(session, run.document["service"], run.document["environment"])
            store.put(session, replace(now, **before))
        self._take_back(run, self._deployment(run.document))

    def _take_back(self, run: JobRun, deployment: Deployment) -> None:
        replicas, kept = self._moves.own(deployment), run.memory.get("kept", ())
        if loose := [r.name for r in replicas if _is_ours(run, r.name) and r.name not in kept]:
            self._moves.drop(deployment.service, loose)
        left = [r for r in replicas if r.name not in loose]
        for replica in left:
            self._limit_in_place(replica)
        if extra := [r.name for r in left][deployment.replicas :]:
            self._moves.withdraw(deployment, extra, pause=lambda _: None)


def _generation(run: JobRun) -> str:
    moment = int(run.job.created_at.timestamp() * 1000)
    return f"{run.job.id}s{moment % 0x1000000:06x}"


def _is_ours(run: JobRun, name: str) -> bool:
    """Whether this job made it, in addition or in exchange."""
    return f"-{_generation(run)}-" in name or f"-{_generation(run)}l-" in name


def _free_numbers(taken: set[int], count: int) -> list[int]:
    """The lowest numbers that are not taken."""
    free: list[int] = []
    number = 1
    while len(free) < count:
        if number not in taken:
            free.append(number)
        number += 1
    return free
