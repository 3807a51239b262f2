"""Samples of the traffic: what two portals on one proxy have heard of a second adds up."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from portal.domain.rollout import TrafficSample
from portal.domain.route import Slot
from portal.store import samples
from portal.store.database import Database
from portal.store.migrate import migrate

TARGET = ("hello", "prod")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    opened = Database(url)
    migrate(opened)
    yield opened
    opened.close()


def sample(second: int, *, requests: int, errors: int = 0, last_at: float | None = None) -> TrafficSample:
    latency = {60: requests - errors} if requests else {}
    return TrafficSample(second, *TARGET, Slot.GREEN, requests, errors, latency=latency, last_at=last_at)


def put(database: Database, *heard: TrafficSample) -> None:
    with database.transaction() as session:
        samples.put(session, heard)


def stored(database: Database) -> tuple[TrafficSample, ...]:
    with database.reading() as session:
        return samples.between(session, TARGET, after=0, until=1000)


def test_a_portal_that_heard_nothing_takes_nothing_away(database: Database) -> None:
    put(database, sample(7, requests=10, errors=2, last_at=7.9))
    put(database, sample(7, requests=0), sample(8, requests=0))
    assert stored(database) == (sample(7, requests=10, errors=2, last_at=7.9), sample(8, requests=0))


def test_two_parts_of_a_second_add_up(database: Database) -> None:
    put(database, sample(7, requests=10, errors=2, last_at=7.3))
    put(database, sample(7, requests=5, errors=1, last_at=7.1))
    (both,) = stored(database)
    assert (both.requests, both.errors, both.latency, both.last_at) == (15, 3, {60: 12}, 7.3)


def test_the_smallest_share_that_was_evaluated_is_known(database: Database) -> None:
    put(database, sample(7, requests=10), replace(sample(8, requests=10), sampling=0.25), sample(9, requests=10))
    with database.reading() as session:
        shares = [samples.lowest_sampling(session, TARGET, period=period) for period in ((6, 9), (8, 9), (100, 200))]
    assert shares == [0.25, 1.0, 1.0]


def test_many_that_write_the_same_seconds_at_once_lose_nothing(database: Database) -> None:
    def write(_: int) -> None:
        put(database, *(sample(second, requests=1) for second in range(1, 6)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(12)))
    assert [s.requests for s in stored(database)] == [12] * 5
