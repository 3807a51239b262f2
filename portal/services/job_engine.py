"""Does jobs, a step at a time: what is done is written down before the next begins, and nothing without the claim."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.access import SYSTEM
from portal.domain.errors import Conflict, PortalError, Unavailable
from portal.domain.job import MOST_ATTEMPTS, Cancelled, Interrupted, JobState, retry_seconds
from portal.domain.operation import Claim, StepStatus
from portal.kit import failpoints
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.job_run import JobKind, JobRun
from portal.services.jobs import TOPIC, Jobs, entry_of
from portal.store import jobs as store
from portal.store import operations
from portal.store.database import Database

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobEngine:
    """`halt` is set when the process ends: what is under way stops at the next check and goes on in another."""

    database: Database
    clock: Clock
    audit: Audit
    topics: Topics
    jobs: Jobs
    halt: threading.Event

    def work(self, claim: Claim) -> float:
        """Everything that can be done now; in how many seconds to come back."""
        with self.database.reading() as session:
            job = store.get(session, claim.operation_id)
            attempts = {step.index: step.attempts for step in operations.steps(session, job.id)}
        if job.state.is_over:
            return self._let_go(claim)
        run = JobRun(self, claim, job)
        try:
            self._all_steps(self.jobs.kind(job.kind), run, attempts)
        except Interrupted:
            return 0.0
        except Cancelled:
            return self._end(run, JobState.CANCELLED)
        except PortalError as error:
            return self._failed(run, error)
        except Exception:  # noqa: BLE001 - what a kind of job does wrong must not be tried for ever
            _log.exception("job failed", extra={"operation": job.id, "kind": job.kind})
            return self._end(run, JobState.FAILED, Conflict("job_broken", id=job.id))
        return self._end(run, JobState.SUCCEEDED)

    def _failed(self, run: JobRun, error: PortalError) -> float:
        if error.code == "claim_lost":
            raise error
        if isinstance(error, Unavailable) and error.is_transient:
            return self._again(run, error)
        return self._end(run, JobState.FAILED, error)

    def _all_steps(self, kind: JobKind, run: JobRun, attempts: Mapping[int, int]) -> None:
        steps = kind.steps(run.document)
        for index in range(run.job.step, len(steps)):
            if attempts.get(index, 0) >= MOST_ATTEMPTS:
                raise Conflict("job_gave_up", id=run.job.id, attempts=MOST_ATTEMPTS)
            self._begin(run.claim, index)
            run.check()
            failpoints.hit(f"job.{run.job.kind}.{steps[index]}.before")
            kind.perform(steps[index], run)
            failpoints.hit(f"job.{run.job.kind}.{steps[index]}.performed")
            self._finish(run.claim, index)

    def _begin(self, claim: Claim, index: int) -> None:
        now = self.clock.now()
        with self.database.transaction() as session:
            values: dict[str, Any] = {"state": JobState.RUNNING, "step": index, "done": 0.0, "total": 0.0, "unit": ""}
            first = {"started_at": now} if index == 0 else {}
            store.set_under(session, claim, **values, **first)
            operations.set_step(session, claim.operation_id, index, status=StepStatus.RUNNING, now=now)
        self.topics.publish(TOPIC)

    def _finish(self, claim: Claim, index: int) -> None:
        with self.database.transaction() as session:
            store.set_under(session, claim, step=index + 1, done=0.0, total=0.0, unit="")
            operations.set_step(session, claim.operation_id, index, status=StepStatus.DONE, now=self.clock.now())

    def note(self, claim: Claim, **values: Any) -> None:
        with self.database.transaction() as session:
            store.set_under(session, claim, **values)
        self.topics.publish(TOPIC)

    def look(self, claim: Claim) -> None:
        """Cancelled, or Conflict("claim_lost")."""
        with self.database.reading() as session:
            operations.guard(session, claim)
            is_over = store.is_unwanted(session, claim.operation_id)
        if is_over:
            raise Cancelled

    def _again(self, run: JobRun, error: Unavailable) -> float:
        """What a dependency has made fail is tried again later, a bounded number of times."""
        with self.database.reading() as session:
            job = store.get(session, run.job.id)
            steps = operations.steps(session, job.id)
        attempts = steps[job.step].attempts if job.step < len(steps) else MOST_ATTEMPTS
        if attempts >= MOST_ATTEMPTS:
            return self._end(run, JobState.FAILED, error)
        _log.warning("job waits", extra={"operation": job.id, "code": error.code})
        self.note(run.claim, error_code=error.code, error_params=dict(error.params))
        return retry_seconds(attempts)

    def _end(self, run: JobRun, state: JobState, error: PortalError | None = None) -> float:
        self._clean(run)
        code, params = (error.code, dict(error.params)) if error else ("", {})
        now = self.clock.now()
        with self.database.transaction() as session:
            store.set_under(session, run.claim, state=state, ended_at=now, error_code=code, error_params=params)
            if state is not JobState.SUCCEEDED:
                job = store.get(session, run.job.id)
                operations.set_step(session, job.id, job.step, status=StepStatus.FAILED, now=now)
            operations.end(session, run.job.id)
            about = {"code": code} if code else {}
            self.audit.record(session, entry_of(SYSTEM, run.job, f"job.{state}", **about))
        self.topics.publish(TOPIC)
        return 0.0

    def _clean(self, run: JobRun) -> None:
        run.begin_cleaning()
        try:
            self.jobs.kind(run.job.kind).clean(run)
        except PortalError as error:
            _log.warning("job not cleaned up", extra={"operation": run.job.id, "code": error.code})

    def _let_go(self, claim: Claim) -> float:
        with self.database.transaction() as session:
            operations.end(session, claim.operation_id)
        return 0.0
