"""The points of the charts: what is read once stays, and is what reading everything anew would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.domain.plan import Plan, Strategy
from portal.domain.rollout import Rollout, State, TrafficSample
from portal.domain.route import Slot
from portal.services.rollout_points import RolloutPoints
from portal.store import samples
from portal.store.database import Database
from portal.store.migrate import migrate

BEGIN = int(datetime(2026, 3, 2, 9, 0, tzinfo=UTC).timestamp())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/portal.db")
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def rollout() -> Rollout:
    began = datetime.fromtimestamp(BEGIN, UTC)
    return Rollout(
        id=7, service="hello", environment="prod", from_version="1.0.0", to_version="1.1.0", from_image="sha256:a",
        to_image="sha256:b", plan=Plan(Strategy.CANARY), steps=(), slot=Slot.GREEN, state=State.OBSERVING,
        requested_by="bob", created_at=began, state_since=began, step_since=began,
    )  # fmt: skip


def see(database: Database, rollout: Rollout, *seconds: int, requests: int = 10) -> None:
    found = [
        TrafficSample(BEGIN + at, rollout.service, rollout.environment, slot, requests, 1, 0, {7: requests - 1})
        for at in seconds
        for slot in (Slot.BLUE, Slot.GREEN)
    ]
    with database.transaction() as session:
        samples.put(session, found)


def test_a_chart_grows_by_what_is_new_and_its_points_widen(database: Database, rollout: Rollout) -> None:
    watched = RolloutPoints(database)
    for second in range(100):
        see(database, rollout, second)
        shown = watched.points(rollout, now=BEGIN + second, buckets=20)
        assert shown == RolloutPoints(database).points(rollout, now=BEGIN + second, buckets=20)
        assert len(shown) <= 20
        assert sum(point.canary_requests for point in shown) == 10 * (second + 1)
    widths = {point.seconds for point in watched.points(rollout, now=BEGIN + 99, buckets=20)}
    assert widths == {8}


def test_what_comes_late_is_seen_as_long_as_a_second_is_not_settled(database: Database, rollout: Rollout) -> None:
    watched = RolloutPoints(database)
    see(database, rollout, 0, 1, 2)
    watched.points(rollout, now=BEGIN + 5, buckets=120)
    see(database, rollout, 2, requests=5)
    assert watched.points(rollout, now=BEGIN + 6, buckets=120)[2].stable_requests == 15


def test_settled_seconds_are_not_read_again(
    database: Database, rollout: Rollout, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, read = RolloutPoints(database), list[int]()
    see(database, rollout, *range(60))
    watched.points(rollout, now=BEGIN + 60, buckets=120)
    between = samples.between

    def noted(*given: object, after: int, until: int) -> tuple[TrafficSample, ...]:
        read.append(after - BEGIN)
        return between(*given, after=after, until=until)  # type: ignore[arg-type]

    monkeypatch.setattr(samples, "between", noted)
    assert len(watched.points(rollout, now=BEGIN + 61, buckets=120)) == 60
    assert read == [49]
    ended = replace(rollout, state=State.ABORTED, ended_at=datetime.fromtimestamp(BEGIN + 59, UTC))
    watched.points(ended, now=BEGIN + 500, buckets=120)
    assert len(watched.points(ended, now=BEGIN + 600, buckets=120)) == 60
    assert read == [49, 50]


def test_a_rollout_without_traffic_has_no_points(database: Database, rollout: Rollout) -> None:
    assert RolloutPoints(database).points(rollout, now=BEGIN + 9, buckets=120) == ()


def test_the_charts_kept_are_bounded(database: Database, rollout: Rollout) -> None:
    watched = RolloutPoints(database)
    see(database, rollout, 1)
    for number in range(1, 60):
        watched.points(replace(rollout, id=number), now=BEGIN + 9, buckets=120)
    assert len(watched._charts) == 16
