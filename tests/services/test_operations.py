"""The worker: claims what is due, keeps leases alive, wakes, gives back; parked operations hold no thread."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import select

from portal.domain.access import SYSTEM
from portal.domain.errors import Unavailable
from portal.domain.operation import Claim
from portal.domain.rollout import Action, State
from portal.kit.topics import Topics
from portal.store import operations
from portal.store.database import Database
from portal.store.migrate import migrate
from portal.store.tables import OperationRow
from portal.workers import operations as worker_module
from portal.workers.operations import OperationWorker
from tests.stage import ALICE, DAVE, PortalStage

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG = 3600.0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    is_sqlite = request.param == "sqlite"
    return f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    migrate(opened)
    yield opened
    opened.close()


def add(database: Database, count: int) -> list[int]:
    with database.transaction() as session:
        return [
            operations.add(session, kind="rollout", target=f"hello{n}@prod", plan_version=1, now=NOW)
            for n in range(count)
        ]


def wake(database: Database, operation_id: int) -> None:
    with database.transaction() as session:
        operations.wake(session, operation_id)


@contextmanager
def working(
    database: Database, work: Callable[[Claim], float], *, topics: Topics | None = None, threads: int = 6
) -> Iterator[OperationWorker]:
    worker = OperationWorker(database, topics or Topics(), work, threads=threads)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def eventually(holds: Callable[[], object], *, within_seconds: float = 20.0) -> None:
    end = time.monotonic() + within_seconds
    while not holds():
        if time.monotonic() > end:
            pytest.fail(f"not so after {within_seconds} s")
        time.sleep(0.01)


def test_thirty_waiting_operations_all_start_with_six_threads(database: Database) -> None:
    ids = add(database, 30)
    started: set[int] = set()

    def park(claim: Claim) -> float:
        started.add(claim.operation_id)
        return LONG

    with working(database, park, threads=6) as worker:
        eventually(lambda: len(started) == 30)
        assert worker.is_alive
        for operation_id in ids[:5]:
            started.discard(operation_id)
            wake(database, operation_id)
        eventually(lambda: len(started) == 30)


def test_two_workers_never_work_on_one_operation_at_once(database: Database) -> None:
    add(database, 12)
    at_work: Counter[int] = Counter()
    turns: Counter[int] = Counter()
    together: list[int] = []
    lock = threading.Lock()

    def work(claim: Claim) -> float:
        with lock:
            at_work[claim.operation_id] += 1
            turns[claim.operation_id] += 1
            if at_work[claim.operation_id] > 1:
                together.append(claim.operation_id)
        threading.Event().wait(0.005)
        with lock:
            at_work[claim.operation_id] -= 1
        return 0.0

    with working(database, work), working(database, work):
        eventually(lambda: len(turns) == 12 and min(turns.values()) >= 10)
    assert together == []


def test_a_wake_while_the_work_goes_on_brings_it_back_at_once(database: Database) -> None:
    (operation_id,) = add(database, 1)
    inside, go_on = threading.Event(), threading.Event()
    turns: list[int] = []

    def work(claim: Claim) -> float:
        turns.append(claim.fence)
        inside.set()
        go_on.wait(20)
        return LONG

    with working(database, work):
        assert inside.wait(20)
        wake(database, operation_id)
        go_on.set()
        eventually(lambda: turns == [1, 2])


def test_a_lease_is_kept_alive_as_long_as_the_work_takes(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "LEASE_SECONDS", 0.6)
    monkeypatch.setattr(worker_module, "BEAT_SECONDS", 0.1)
    add(database, 1)
    go_on = threading.Event()
    fences: list[int] = []

    def work(claim: Claim) -> float:
        fences.append(claim.fence)
        go_on.wait(2.0)
        with database.reading() as session:
            operations.guard(session, claim)
        fences.append(claim.fence)
        return LONG

    with working(database, work), working(database, work):
        eventually(lambda: len(fences) >= 2)
    assert fences == [1, 1]


def test_stopping_finishes_the_work_under_a_living_lease_and_gives_the_claim_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "LEASE_SECONDS", 0.6)
    monkeypatch.setattr(worker_module, "BEAT_SECONDS", 0.1)
    (operation_id,) = add(database, 1)
    inside, finished = threading.Event(), threading.Event()

    def work(claim: Claim) -> float:
        inside.set()
        threading.Event().wait(1.5)
        with database.reading() as session:
            operations.guard(session, claim)
        finished.set()
        return LONG

    with working(database, work):
        assert inside.wait(20)
    assert finished.is_set()
    with database.reading() as session:
        row = session.exec(select(OperationRow).where(OperationRow.id == operation_id)).one()
        assert (row.owner, row.lease_until) == ("", 0.0)


def test_a_dead_workers_operation_is_taken_over_when_its_lease_has_run_out(database: Database) -> None:
    (operation_id,) = add(database, 1)
    with database.transaction() as session:
        (dead,) = operations.claim(session, "dead", limit=1)
        session.exec(update(OperationRow).values(lease_until=OperationRow.lease_until - 4.0))
    taken: list[Claim] = []

    def work(claim: Claim) -> float:
        taken.append(claim)
        return LONG

    begun = time.monotonic()
    with working(database, work):
        eventually(lambda: taken)
    assert (taken[0].operation_id, taken[0].fence) == (operation_id, dead.fence + 1)
    assert 0.3 < time.monotonic() - begun < 5.0


def test_work_that_fails_is_tried_again_and_stops_nobody_else(database: Database) -> None:
    first, second = add(database, 2)
    turns: Counter[int] = Counter()

    def work(claim: Claim) -> float:
        turns[claim.operation_id] += 1
        if claim.operation_id == first and turns[first] == 1:
            raise Unavailable("engine_unreachable", reason="test")
        return LONG

    with working(database, work) as worker:
        eventually(lambda: turns[first] == 2 and turns[second] == 1)
        assert worker.is_alive


def test_a_request_of_this_process_is_followed_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "POLL_SECONDS", 60.0)
    topics = Topics()
    turned = threading.Event()

    def work(claim: Claim) -> float:
        turned.set()
        return LONG

    with working(database, work, topics=topics):
        threading.Event().wait(0.5)
        add(database, 1)
        begun = time.monotonic()
        topics.publish("operations")
        assert turned.wait(10)
    assert time.monotonic() - begun < 5.0


@pytest.mark.live
def test_the_main_job_on_postgres(tmp_path: Path, postgres_database_url: str) -> None:
    stage = PortalStage(tmp_path, url=postgres_database_url)
    with closing(stage.core.database):
        main_job(stage.furnish())


def main_job(stage: PortalStage) -> None:
    # Given a good canary that Alice approves
    good = stage.start("1.1.0")
    stage.until(good, State.AWAITING_APPROVAL)
    stage.act(good, Action.APPROVE, ALICE)
    stage.until(good, State.BAKING)
    stage.act(good, Action.FINISH, ALICE)
    assert stage.until(good).state is State.SUCCEEDED
    assert (stage.deployed(), stage.share(), stage.running()) == ("1.1.0", 0, {"1.1.0"})
    # When a bad one follows, and one that Dave aborts
    bad = stage.until(stage.start("1.2.0"))
    assert (bad.state, bad.cause and bad.cause.code) == (State.ABORTED, "verdict_failed")
    aborted = stage.start("1.0.0")
    stage.until(aborted, State.OBSERVING)
    stage.act(aborted, Action.ABORT, DAVE)
    assert stage.until(aborted).state is State.ABORTED
    # Then the good one serves and the trail holds together
    assert (stage.deployed(), stage.share(), stage.running()) == ("1.1.0", 0, {"1.1.0"})
    assert stage.core.audit.verify(SYSTEM).is_intact
