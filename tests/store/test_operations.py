"""Claims on operations are exclusive, fenced and leased, on both databases and under many hands at once."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from portal.domain.errors import Conflict
from portal.domain.operation import Claim, StepStatus
from portal.store import operations
from portal.store.database import Database
from portal.store.database import now as database_now
from portal.store.migrate import migrate
from portal.store.tables import EffectRow, OperationRow

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    opened = Database(url)
    migrate(opened)
    yield opened
    opened.close()


def add(database: Database, *targets: str) -> list[int]:
    with database.transaction() as session:
        return [operations.add(session, kind="rollout", target=t, plan_version=1, now=NOW) for t in targets]


def claim(database: Database, owner: str = "dave", *, limit: int = 1) -> list[Claim]:
    with database.transaction() as session:
        return operations.claim(session, owner, limit=limit)


def release(database: Database, held: Claim, *, after_seconds: float = 0.0) -> None:
    with database.transaction() as session:
        operations.release(session, held, after_seconds=after_seconds)


def end_leases(database: Database) -> None:
    """As if the leases had run out a moment ago."""
    with database.transaction() as session:
        session.exec(update(OperationRow).values(lease_until=database_now(session) - 0.001, wake_at=0.0))


def row(database: Database, operation_id: int) -> OperationRow:
    with database.reading() as session:
        return session.exec(select(OperationRow).where(OperationRow.id == operation_id)).one()


def effect(held: Claim) -> EffectRow:
    return EffectRow(operation_id=held.operation_id, effect="create", name="x", fence=held.fence, started_at=NOW)


def effects(database: Database) -> list[EffectRow]:
    with database.reading() as session:
        return list(session.exec(select(EffectRow)))


def grab_all(url: str, owner: str, found: multiprocessing.Queue[list[tuple[int, int]]]) -> None:
    """In a process of its own: claim until nothing is left."""
    database = Database(url)
    mine: list[tuple[int, int]] = []
    while claims := claim(database, owner, limit=3):
        mine += [(c.operation_id, c.fence) for c in claims]
    found.put(mine)


def test_many_threads_never_claim_the_same_operation(database: Database) -> None:
    ids = add(database, *(f"hello{n}@prod" for n in range(40)))
    start = threading.Barrier(8)

    def grab(owner: int) -> list[int]:
        start.wait()
        mine: list[int] = []
        while claims := claim(database, f"owner-{owner}", limit=2):
            mine += [c.operation_id for c in claims]
        return mine

    with ThreadPoolExecutor(8) as pool:
        seen = Counter(i for mine in pool.map(grab, range(8)) for i in mine)
    assert sorted(seen) == ids
    assert set(seen.values()) == {1}


def test_processes_never_claim_the_same_operation(database: Database) -> None:
    ids = add(database, *(f"hello{n}@prod" for n in range(30)))
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    processes = [context.Process(target=grab_all, args=(database.url, f"process-{n}", found)) for n in range(3)]
    for process in processes:
        process.start()
    grabbed = [pair for _ in processes for pair in found.get(timeout=60)]
    for process in processes:
        process.join(30)
    assert sorted(grabbed) == [(i, 1) for i in ids]


def test_the_fence_grows_with_every_claim(database: Database) -> None:
    add(database, "hello@prod")
    fences: list[int] = []
    for _ in range(4):
        (held,) = claim(database)
        fences.append(held.fence)
        release(database, held)
    assert fences == [1, 2, 3, 4]


def test_what_is_held_is_not_due_and_what_is_parked_neither(database: Database) -> None:
    add(database, "hello@prod")
    (held,) = claim(database)
    assert claim(database, "other") == []
    release(database, held, after_seconds=60)
    with database.reading() as session:
        assert not operations.is_any_due(session)
    assert claim(database, "other") == []


def test_a_lost_claim_can_write_nothing(database: Database) -> None:
    (operation_id,) = add(database, "hello@prod")
    (lost,) = claim(database)
    with database.transaction() as session:
        journal = operations.begin_effect(session, lost, effect(lost))
    end_leases(database)
    (newer,) = claim(database, "other")
    attempts = (
        lambda session: operations.begin_effect(session, lost, effect(lost)),
        lambda session: operations.end_effect(session, lost, journal, NOW),
        lambda session: operations.lock_row(session, lost),
        lambda session: operations.guard(session, lost),
    )
    for attempt in attempts:
        with pytest.raises(Conflict) as refused, database.transaction() as session:
            attempt(session)
        assert refused.value.code == "claim_lost"
    assert [(e.fence, e.ended_at) for e in effects(database)] == [(lost.fence, None)]
    # Neither can it prolong or give back what is no longer its own
    until = row(database, operation_id).lease_until
    with database.transaction() as session:
        operations.beat(session, [lost])
    release(database, lost)
    now = row(database, operation_id)
    assert (now.owner, now.fence, now.lease_until) == ("other", newer.fence, until)


def test_a_lease_that_ran_out_may_not_act_although_nobody_else_came(database: Database) -> None:
    add(database, "hello@prod")
    (held,) = claim(database)
    end_leases(database)
    with pytest.raises(Conflict), database.reading() as session:
        operations.guard(session, held)
    with database.transaction() as session:
        operations.beat(session, [held])
    with database.reading() as session:
        operations.guard(session, held)


def test_a_wake_while_somebody_works_is_not_lost(database: Database) -> None:
    (operation_id,) = add(database, "hello@prod")
    (held,) = claim(database)
    with database.transaction() as session:
        operations.wake(session, operation_id)
    assert claim(database, "other") == []
    release(database, held, after_seconds=3600)
    (again,) = claim(database, "other")
    release(database, again, after_seconds=3600)
    assert claim(database) == []  # and one wake counts once


def test_a_wake_in_the_middle_of_a_release_is_not_lost(database: Database) -> None:
    (operation_id,) = add(database, "hello@prod")
    for _ in range(50):
        (held,) = claim(database)
        together = threading.Barrier(2)

        def rouse(together: threading.Barrier = together) -> None:
            together.wait()
            with database.transaction() as session:
                operations.wake(session, operation_id)

        thread = threading.Thread(target=rouse)
        thread.start()
        together.wait()
        release(database, held, after_seconds=3600)
        thread.join()
        with database.reading() as session:
            assert operations.is_any_due(session)


def test_whoever_held_a_lease_is_dead_when_the_only_worker_starts(database: Database) -> None:
    add(database, "hello@prod", "other@prod")
    assert len(claim(database, limit=5)) == 2
    with database.transaction() as session:
        operations.free_leases(session)
    assert [c.fence for c in claim(database, "next", limit=5)] == [2, 2]


def test_one_operation_a_target_holds_the_lock(database: Database) -> None:
    first, second, other = add(database, "hello@prod", "hello@prod", "hello@dev")
    with database.transaction() as session:
        assert operations.take_lock(session, first, "hello@prod")
        assert operations.take_lock(session, first, "hello@prod")
        assert not operations.take_lock(session, second, "hello@prod")
        assert operations.take_lock(session, other, "hello@dev")
    with database.reading() as session:
        assert operations.lock_holder(session, "hello@prod") == first
    with database.transaction() as session:
        operations.end(session, first)
        assert operations.take_lock(session, second, "hello@prod")


def test_of_many_that_want_a_lock_at_once_one_gets_it(database: Database) -> None:
    ids = add(database, *["hello@prod"] * 8)
    start = threading.Barrier(8)

    def take(operation_id: int) -> bool:
        start.wait()
        with database.transaction() as session:
            return operations.take_lock(session, operation_id, "hello@prod")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, ids)) == 1


def test_what_is_over_is_never_due_again(database: Database) -> None:
    (operation_id,) = add(database, "hello@prod")
    (held,) = claim(database)
    with database.transaction() as session:
        operations.lock_row(session, held)
        operations.end(session, operation_id)
    release(database, held)
    with database.transaction() as session:
        operations.wake(session, operation_id)
    assert claim(database) == []
    with database.reading() as session:
        assert (operations.count(session, is_over=True), operations.count(session, is_over=False)) == (1, 0)


def test_the_journal_counts_attempts_and_keeps_the_first_start(database: Database) -> None:
    (operation_id,) = add(database, "hello@prod")
    later = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
    with database.transaction() as session:
        operations.add_steps(session, operation_id, ["prepare", "gate"])
        operations.set_step(session, operation_id, 0, status=StepStatus.RUNNING, now=NOW)
        operations.set_step(session, operation_id, 0, status=StepStatus.RUNNING, now=later)
        operations.set_step(session, operation_id, 0, status=StepStatus.DONE, now=later)
        operations.set_step(session, operation_id, 7, status=StepStatus.DONE, now=later)
    with database.reading() as session:
        first, second = operations.steps(session, operation_id)
    assert (first.status, first.attempts, first.started_at, first.ended_at) == (StepStatus.DONE, 2, NOW, later)
    assert second.status is StepStatus.PENDING


def test_the_row_is_held_while_a_claim_writes(database: Database) -> None:
    """Nobody takes over between the check of the fence and the end of the transaction that relies on it."""
    (operation_id,) = add(database, "hello@prod")
    (held,) = claim(database)
    end_leases(database)
    order: list[str] = []
    inside = threading.Event()

    def take_over() -> None:
        inside.wait(10)
        while not claim(database, "other"):
            pass
        order.append("taken over")

    thread = threading.Thread(target=take_over)
    thread.start()
    with database.transaction() as session:
        operations.lock_row(session, held)
        inside.set()
        thread.join(0.3)
        session.exec(update(OperationRow).where(col(OperationRow.id) == operation_id).values(target="written"))
        order.append("written")
    thread.join(10)
    assert order == ["written", "taken over"]
