"""Jobs: long work other than rollouts. Started, looked at and ended here; `job_engine` does them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, environments_with, may
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict, NotFound, Refused
from portal.domain.job import Job, JobQuery, JobState
from portal.domain.operation import OperationStep
from portal.domain.page import Page
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.job_run import JobKind
from portal.services.rollouts import check_reason
from portal.store import jobs as store
from portal.store import operations
from portal.store.database import Database

MOST_ACTIVE = 200
KEPT = timedelta(days=180)
TOPIC = "jobs"


@dataclass(frozen=True, slots=True)
class JobOrder:
    """`lock` is what nothing else may work on meanwhile, `service@environment` for what rollouts work on; without one
    it is kind and target."""

    kind: str
    target: str
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: str = ""
    reason: str = ""
    lock: str = ""

    @property
    def taken(self) -> str:
        return self.lock or f"{self.kind}:{self.target}"


@dataclass(frozen=True, slots=True)
class JobView:
    job: Job
    steps: tuple[OperationStep, ...]
    can_cancel: bool
    can_retry: bool


class Jobs:
    def __init__(self, database: Database, clock: Clock, audit: Audit, *, topics: Topics) -> None:
        self._database, self._clock, self._audit, self._topics = database, clock, audit, topics
        self._makers: dict[str, Callable[[], JobKind]] = {}
        self._kinds: dict[str, JobKind] = {}

    def register(self, makers: Mapping[str, Callable[[], JobKind]]) -> None:
        """Kinds by name; each is made when it is first needed."""
        self._makers.update(makers)

    def kind(self, name: str) -> JobKind:
        """NotFound("job_kind_missing")."""
        if name not in self._makers:
            raise NotFound("job_kind_missing", kind=name[:60])
        if name not in self._kinds:
            self._kinds[name] = self._makers[name]()
        return self._kinds[name]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted(self._makers))

    def start(self, actor: Actor, order: JobOrder) -> Job:
        """Conflict("job_running") while something works on the same, Conflict("jobs_full") with 200 under way."""
        kind = self.kind(order.kind)
        demand(actor, kind.permission, order.environment or EVERYWHERE)
        if order.reason:
            check_reason(order.reason)
        wanted = Job(
            id=0,
            kind=order.kind,
            target=order.target,
            environment=order.environment,
            document=order.document,
            requested_by=actor.human,
            created_at=self._clock.now(),
            reason=order.reason,
            lock=order.taken,
        )
        with self._database.transaction() as session:
            if store.count(session) >= MOST_ACTIVE:
                raise Conflict("jobs_full", limit=MOST_ACTIVE)
            job = store.add(session, wanted, list(kind.steps(order.document)))
            if not operations.take_lock(session, job.id, job.lock):
                holder = operations.lock_holder(session, job.lock)
                raise Conflict("job_running", target=order.target, operation=holder or "")
            self._record(session, actor, job, "job.start", reason=order.reason)
        self._wake()
        return job

    def retry(self, actor: Actor, number: int, *, reason: str = "") -> Job:
        """The same once more. Refused("job_not_failed") unless it failed or was cancelled."""
        job = self._own(actor, number)
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            raise Refused("job_not_failed", id=number)
        why = reason or job.reason
        return self.start(actor, JobOrder(job.kind, job.target, job.document, job.environment, why, job.lock))

    def cancel(self, actor: Actor, number: int, *, reason: str) -> Job:
        """It ends at the next place where it can. Refused("job_over"); asking twice changes nothing."""
        job = self._own(actor, number)
        demand(actor, self.kind(job.kind).permission, job.environment or EVERYWHERE)
        check_reason(reason)
        if job.state.is_over:
            raise Refused("job_over", id=number)
        with self._database.transaction() as session:
            if store.ask_cancel(session, number):
                operations.wake(session, number)
                self._record(session, actor, job, "job.cancel", reason=reason)
        self._wake()
        return replace(job, is_unwanted=True)

    def get(self, actor: Actor, number: int) -> Job:
        """NotFound("job_missing"), also for one of an environment that the actor may not see."""
        return self._own(actor, number)

    def view(self, actor: Actor, number: int) -> JobView:
        job = self._own(actor, number)
        with self._database.reading() as session:
            steps = operations.steps(session, number)
        may_act = job.kind in self._makers and _may(actor, self.kind(job.kind).permission, job.environment)
        is_again = job.state in (JobState.FAILED, JobState.CANCELLED)
        return JobView(
            job, steps, may_act and not job.state.is_over and not job.is_unwanted, can_retry=may_act and is_again
        )

    def page(self, actor: Actor, query: JobQuery) -> Page[Job]:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.page(session, query, environments_with(actor, Permission.VIEW))

    def newest(self, kind: str, target: str, *, state: JobState | None = None) -> Job | None:
        """For other services; who may see it is theirs to say."""
        with self._database.reading() as session:
            return store.newest(session, kind, target, state=state)

    def forget_old(self) -> int:
        with self._database.transaction() as session:
            return store.forget_before(session, self._clock.now() - KEPT)

    def _own(self, actor: Actor, number: int) -> Job:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            job = store.get(session, number)
        if not _may(actor, Permission.VIEW, job.environment):
            raise NotFound("job_missing", id=number)
        return job

    def _record(self, session: Any, actor: Actor, job: Job, action: str, *, reason: str) -> None:
        self._audit.record(session, entry_of(actor, job, action, reason=reason))

    def _wake(self) -> None:
        self._topics.publish("operations")
        self._topics.publish(TOPIC)


def entry_of(actor: Actor, job: Job, action: str, *, reason: str = "", **params: str) -> AuditEntry:
    about = {"kind": job.kind, "what": job.target, **params}
    return AuditEntry(
        actor.name,
        actor.kind,
        action,
        "job",
        str(job.id),
        environment=job.environment,
        reason=reason,
        params=about,
    )


def _may(actor: Actor, permission: Permission, environment: str) -> bool:
    return may(actor, permission, environment or EVERYWHERE)
