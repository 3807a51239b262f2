"""Jobs: long work that is started once, goes on after a crash, can be cancelled, and says how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from portal.adapters.clock import SystemClock
from portal.domain.access import Actor, Grant, Permission, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import Conflict, NotFound, PortalError, Refused, Unavailable
from portal.domain.job import Job, JobQuery, JobState
from portal.domain.operation import Claim, StepStatus
from portal.kit.topics import Topics
from portal.services.audit import Audit
from portal.services.job_engine import JobEngine
from portal.services.job_run import JobRun
from portal.services.jobs import JobOrder, Jobs
from portal.store import operations
from portal.store.database import Database
from portal.store.migrate import migrate
from portal.store.tables import OperationRow
from portal.workers.operations import OperationWorker

DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER, "dev"),))


@dataclass
class Count:
    """Counts to three in each of two steps, and remembers where it is."""

    permission: Permission = Permission.CONTAINER_CONTROL
    acts: Callable[[str, JobRun], None] = lambda step, run: None
    done: list[str] = field(default_factory=list[str])
    cleaned: int = 0

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(document.get("steps", ("first", "second")))

    def perform(self, step: str, run: JobRun) -> None:
        for number in range(int(run.memory.get(step, 0)), 3):
            run.progress(number, 3, unit="rows")
            self.acts(step, run)
            self.done.append(f"{step}{number}")
            run.remember(**{step: number + 1})

    def clean(self, run: JobRun) -> None:
        self.cleaned += 1


@dataclass
class Bench:
    database: Database
    jobs: Jobs
    engine: JobEngine
    audit: Audit
    kind: Count

    def start(self, target: str = "store", *, environment: str = "", **document: Any) -> Job:
        return self.jobs.start(DAVE, JobOrder("count", target, document, environment))

    def claim(self, owner: str = "test") -> Claim:
        with self.database.transaction() as session:
            session.exec(update(OperationRow).values(wake_at=0.0))
            (claim,) = operations.claim(session, owner, limit=1, of_jobs=True)
        return claim

    def work(self) -> float:
        claim = self.claim()
        seconds = self.engine.work(claim)
        with self.database.transaction() as session:
            operations.release(session, claim, after_seconds=seconds)
        return seconds

    def now(self, job: Job) -> Job:
        return self.jobs.get(DAVE, job.id)

    def actions(self) -> list[str]:
        auditor = Actor("auditor", grants=(Grant(Role.ADMINISTRATOR),))
        return [entry.action for entry in self.audit.page(auditor, AuditQuery(sort="at")).items]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    database, clock, topics, kind = Database(url), SystemClock(), Topics(), Count()
    migrate(database)
    audit = Audit(database, clock)
    jobs = Jobs(database, clock, audit, topics=topics)
    jobs.register({"count": lambda: kind})
    yield Bench(database, jobs, JobEngine(database, clock, audit, topics, jobs, threading.Event()), audit, kind)
    database.close()


def test_a_job_does_its_steps_in_order_and_says_that_it_succeeded(bench: Bench) -> None:
    job = bench.start()
    bench.work()
    done = bench.now(job)
    assert (done.state, done.step, done.error_code) == (JobState.SUCCEEDED, 2, "")
    assert bench.kind.done == ["first0", "first1", "first2", "second0", "second1", "second2"]
    assert bench.kind.cleaned == 1
    assert [step.status for step in bench.jobs.view(DAVE, job.id).steps] == [StepStatus.DONE] * 2
    assert bench.actions() == ["job.start", "job.succeeded"]


def test_a_job_whose_process_died_goes_on_from_what_it_remembers(bench: Bench) -> None:
    def dies(step: str, run: JobRun) -> None:
        if step == "second" and len(bench.kind.done) == 4:
            raise KeyboardInterrupt  # as hard as an end can be without ending the tests

    job = bench.start()
    bench.kind.acts = dies
    with pytest.raises(KeyboardInterrupt):
        bench.engine.work(bench.claim("dead"))
    bench.kind.acts = lambda step, run: None
    with bench.database.transaction() as session:
        operations.free_leases(session)
    bench.work()
    assert bench.kind.done == ["first0", "first1", "first2", "second0", "second1", "second2"]
    assert bench.now(job).state is JobState.SUCCEEDED


def test_who_has_lost_the_claim_writes_nothing_more(bench: Bench) -> None:
    def is_overtaken(step: str, run: JobRun) -> None:
        with bench.database.transaction() as session:
            operations.free_leases(session)
        bench.claim("other")

    job = bench.start()
    bench.kind.acts = is_overtaken
    with pytest.raises(Conflict, match="claim_lost"):
        bench.engine.work(bench.claim())
    assert bench.now(job).memory == {}
    assert bench.now(job).state is JobState.RUNNING


def test_a_cancelled_job_ends_at_its_next_check_and_cleans_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.services.job_run.LOOK_SECONDS", 0.0)
    job = bench.start()
    bench.kind.acts = lambda step, run: bench.jobs.cancel(DAVE, job.id, reason="not now") and None
    bench.work()
    ended = bench.now(job)
    assert (ended.state, ended.step, bench.kind.done, bench.kind.cleaned) == (JobState.CANCELLED, 0, ["first0"], 1)
    assert bench.actions() == ["job.start", "job.cancel", "job.cancelled"]
    with pytest.raises(Refused, match="job_over"):
        bench.jobs.cancel(DAVE, job.id, reason="once more")


def test_a_job_that_waits_for_a_dependency_tries_again_and_then_gives_up(bench: Bench) -> None:
    def is_away(step: str, run: JobRun) -> None:
        raise Unavailable("engine_silent")

    job = bench.start()
    bench.kind.acts = is_away
    waits = [bench.work() for _ in range(8)]
    assert waits[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert (bench.now(job).state, bench.now(job).error_code) == (JobState.FAILED, "engine_silent")


@pytest.mark.parametrize(
    ("failure", "code"), [(Refused("not_allowed"), "not_allowed"), (ValueError("a fault"), "job_broken")]
)
def test_what_trying_again_does_not_help_ends_the_job_in_words(bench: Bench, failure: Exception, code: str) -> None:
    def fails(step: str, run: JobRun) -> None:
        raise failure

    job = bench.start()
    bench.kind.acts = fails
    bench.work()
    assert (bench.now(job).state, bench.now(job).error_code) == (JobState.FAILED, code)
    bench.kind.acts = lambda step, run: None
    again = bench.jobs.retry(DAVE, job.id)
    bench.work()
    assert bench.now(again).state is JobState.SUCCEEDED


def test_a_step_that_kills_its_process_every_time_is_not_tried_for_ever(bench: Bench) -> None:
    def dies(step: str, run: JobRun) -> None:
        raise KeyboardInterrupt

    job = bench.start()
    bench.kind.acts = dies
    for _ in range(8):
        with pytest.raises(KeyboardInterrupt):
            bench.engine.work(bench.claim())
        with bench.database.transaction() as session:
            operations.free_leases(session)
    bench.work()
    assert bench.now(job).error_code == "job_gave_up"


def test_nothing_is_done_twice_at_the_same_time_to_one_target(bench: Bench) -> None:
    first = bench.start("store")
    with pytest.raises(Conflict, match="job_running"):
        bench.start("store")
    bench.start("other")
    assert [job.id for job in bench.jobs.page(DAVE, JobQuery(text="store")).items] == [first.id]


def test_an_ending_process_lets_go_of_a_job_and_the_next_one_finishes_it(bench: Bench) -> None:
    job = bench.start()
    bench.engine.halt.set()
    assert bench.work() == 0.0
    assert not bench.now(job).state.is_over
    bench.engine.halt.clear()
    bench.work()
    assert bench.now(job).state is JobState.SUCCEEDED


def test_workers_of_rollouts_leave_jobs_alone_and_those_of_jobs_leave_rollouts(bench: Bench) -> None:
    bench.start()
    with bench.database.transaction() as session:
        operations.add(session, kind="rollout", target="hello@dev", plan_version=1, now=SystemClock().now())
        assert [claim.kind for claim in operations.claim(session, "a", limit=9)] == ["rollout"]
        assert [claim.kind for claim in operations.claim(session, "b", limit=9, of_jobs=True)] == ["count"]


def test_bob_sees_what_is_done_in_dev_and_cannot_end_it(bench: Bench) -> None:
    dev, prod = bench.start("a", environment="dev"), bench.start("b", environment="prod")
    portal = bench.start("c")
    assert [job.id for job in bench.jobs.page(BOB, JobQuery()).items] == [dev.id]
    for hidden in (prod, portal):
        with pytest.raises(NotFound, match="job_missing"):
            bench.jobs.get(BOB, hidden.id)
    with pytest.raises(Refused, match="not_allowed"):
        bench.jobs.cancel(BOB, dev.id, reason="I want to")
    view = bench.jobs.view(BOB, dev.id)
    assert (view.can_cancel, view.can_retry) == (False, False)


def test_the_worker_of_jobs_does_what_is_started(bench: Bench) -> None:
    worker = OperationWorker(bench.database, Topics(), bench.engine.work, threads=2, does_jobs=True)
    worker.start()
    ended = threading.Event()
    bench.kind.clean = lambda run: ended.set()
    try:
        job = bench.start()
        assert ended.wait(10)
    finally:
        worker.stop()
    assert bench.now(job).state is JobState.SUCCEEDED


def test_old_jobs_are_forgotten_with_their_operations(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.start()
    bench.work()
    assert bench.jobs.forget_old() == 0
    monkeypatch.setattr("portal.services.jobs.KEPT", -(SystemClock().now() - SystemClock().now().replace(year=2000)))
    assert bench.jobs.forget_old() == 1
    with pytest.raises(PortalError, match="job_missing"):
        bench.now(job)
    with bench.database.reading() as session:
        assert session.exec(select(OperationRow.id).where(col(OperationRow.id) == job.id)).first() is None
