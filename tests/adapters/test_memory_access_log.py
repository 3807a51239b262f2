"""The load on the proxy in memory: the same seed gives the same requests, and the clock gives them their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import median

import pytest

from portal.adapters.memory.access_log import QUEUE_LIMIT, MemoryAccessLog
from portal.domain.route import AccessRecord, Route, Slot
from tests.contracts.proxies import MemoryDoor, one_route, settle, table


@pytest.fixture
def door() -> MemoryDoor:
    return MemoryDoor()


def canary(door: MemoryDoor, *, percent: int = 20) -> Route:
    route = one_route(
        blue=(door.start_server("stable-1"),),
        green=(door.start_server("new-1"),),
        candidate_percent=percent,
    )
    settle(door.traffic, table(1, route))
    return route


def served(door: MemoryDoor, *, seed: int = 1) -> list[AccessRecord]:
    log = MemoryAccessLog(door.traffic, seed=seed)
    log.serve(10, 200)
    return log.read(timeout_seconds=0)


def test_the_same_seed_and_world_give_the_same_requests():
    first, second = MemoryDoor(), MemoryDoor()
    canary(first)
    canary(second)
    assert served(first) == served(second)
    assert served(first, seed=2) != served(second, seed=3)


def test_the_load_is_split_by_the_share_and_spread_over_the_time(door: MemoryDoor):
    canary(door)
    records = served(door)
    assert len(records) == 2000
    assert 0.14 < Counter(r.slot for r in records)[Slot.GREEN] / 2000 < 0.26
    times = [r.at for r in records]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(10, abs=0.01)
    assert times[-1] == pytest.approx(door.clock.now().timestamp())


def test_errors_and_latency_are_those_of_the_image(door: MemoryDoor):
    canary(door, percent=50)
    door.world.alter("new-1", error_rate=0.3, latency_ms=40.0)
    records = served(door)
    green = [r for r in records if r.slot is Slot.GREEN]
    assert 0.24 < sum(r.is_error for r in green) / len(green) < 0.36
    assert not any(r.is_error for r in records if r.slot is Slot.BLUE)
    assert 36 < median(r.server_ms or 0 for r in green) < 44
    assert 9 < median(r.server_ms or 0 for r in records if r.slot is Slot.BLUE) < 11


def test_a_shielded_route_replays_reads_and_no_writes(door: MemoryDoor):
    route = replace(canary(door, percent=100), is_shielded=True)
    settle(door.traffic, table(2, route))
    door.world.alter("new-1", error_rate=1.0)
    by_method = {"GET": Counter[tuple[int, bool]](), "POST": Counter[tuple[int, bool]]()}
    for record in served(door):
        by_method[record.method][record.status, record.is_replayed] += 1
    assert set(by_method["GET"]) == {(200, True)}
    assert set(by_method["POST"]) == {(500, False)}


def test_reading_follows_the_clock(door: MemoryDoor):
    canary(door)
    log = MemoryAccessLog(door.traffic, requests_per_second=50)
    assert log.read(timeout_seconds=0) == []
    door.pass_time(2)
    assert len(log.read(timeout_seconds=0)) == 100
    door.pass_time(0.01)
    assert log.read(timeout_seconds=0) == []
    door.pass_time(0.015)
    assert len(log.read(timeout_seconds=0)) == 1


def test_a_long_silence_does_not_fill_the_memory(door: MemoryDoor):
    canary(door)
    log = MemoryAccessLog(door.traffic, requests_per_second=1000)
    door.pass_time(QUEUE_LIMIT / 1000 + 10)
    assert len(log.read(limit=10, timeout_seconds=0)) == 10
    assert log.dropped == 10_000


def test_a_dead_stable_side_answers_503(door: MemoryDoor):
    canary(door, percent=0)
    door.world.kill("stable-1")
    assert {(r.status, r.server, r.server_ms) for r in served(door)} == {(503, "", None)}
