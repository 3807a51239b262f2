"""Watching the traffic: seconds are stored whole, silence too, and forced requests are no evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.domain.rollout import State
from portal.domain.route import AccessRecord, Slot
from portal.services.traffic_watch import Rates, TrafficWatch
from portal.store import samples
from tests.stage import PortalStage


class Queue:
    """An access log whose records the test puts in."""

    dropped, sampling = 0, 0.5

    def __init__(self) -> None:
        self.records: list[AccessRecord] = []

    def read(self, *, limit: int = 5000, timeout_seconds: float = 0.2) -> list[AccessRecord]:
        del timeout_seconds
        taken, self.records = self.records[:limit], self.records[limit:]
        return taken


@pytest.fixture
def stage(tmp_path: Path) -> PortalStage:
    return PortalStage(tmp_path).furnish()


def record(at: float, *, slot: Slot = Slot.GREEN, status: int = 200, is_forced: bool = False) -> AccessRecord:
    return AccessRecord(at, "hello@prod", slot, "s", status, 20.0, is_forced=is_forced)


def test_a_second_is_stored_once_it_is_over_with_both_sides_and_the_sampling(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    log, rates = Queue(), Rates()
    watch = TrafficWatch(stage.core.database, stage.clock, log, topics=stage.core.topics, rates=rates)
    now = stage.clock.now().timestamp()
    log.records = [record(now), record(now, status=503), record(now, slot=Slot.BLUE), record(now, is_forced=True)]
    watch.read(timeout_seconds=0.0)
    stage.clock.move(1.2)
    watch.read(timeout_seconds=0.0)
    with stage.core.database.reading() as session:
        stored = samples.between(session, ("hello", "prod"), after=int(now) - 1, until=int(now))
    green = next(sample for sample in stored if sample.slot is Slot.GREEN)
    assert (green.requests, green.errors, green.forced, green.sampling) == (2, 1, 1, 0.5)
    assert sum(green.latency.values()) == 1
    assert {sample.slot for sample in stored} == set(Slot)
    assert rates.requests_per_second("hello@prod") > 0


def test_silent_seconds_are_stored_as_watched(stage: PortalStage) -> None:
    rollout = stage.start("1.1.0")
    stage.until(rollout, State.OBSERVING)
    stage.rate = 0.0
    since = int(stage.clock.now().timestamp()) + 1
    stage.pass_seconds(5)
    with stage.core.database.reading() as session:
        assert samples.seconds_watched(session, ("hello", "prod"), since=since) >= 3


def test_a_record_that_comes_late_counts_in_the_second_in_which_it_came(stage: PortalStage) -> None:
    stage.start("1.1.0")
    log = Queue()
    watch = TrafficWatch(stage.core.database, stage.clock, log, topics=stage.core.topics, rates=Rates())
    now = stage.clock.now().timestamp()
    stage.clock.move(5)
    watch.read(timeout_seconds=0.0)
    log.records = [record(now)]
    watch.read(timeout_seconds=0.0)
    stage.clock.move(2)
    watch.read(timeout_seconds=0.0)
    with stage.core.database.reading() as session:
        stored = samples.between(session, ("hello", "prod"), after=int(now), until=int(now) + 10)
    assert sum(sample.requests for sample in stored) == 1
