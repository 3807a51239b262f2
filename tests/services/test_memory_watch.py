"""Memory use is shown from what is known: a page never waits for the engine, however slow or silent it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from portal.domain.container import ContainerStats
from portal.domain.errors import Unavailable
from portal.ports.containers import Containers
from portal.services.memory_watch import MOST_AT_ONCE, MOST_REMEMBERED, MemoryWatch
from tests.services.conftest import HeldClock


class Engine:
    """Counts who asks; every container uses twice as much as the one before."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_silent = False

    def stats(self, name: str) -> ContainerStats:
        self.asked.append(name)
        if self.is_silent:
            raise Unavailable("engine_unreachable")
        return ContainerStats(datetime.now(UTC), None, 2 ** len(self.asked), None, None, None, None)


def watch(engine: Engine, clock: HeldClock, work: list[Callable[[], None]]) -> MemoryWatch:
    return MemoryWatch(cast(Containers, engine), clock, run=work.append)


def test_the_first_look_answers_at_once_and_the_next_one_knows(clock: HeldClock) -> None:
    engine, work = Engine(), []
    seen = watch(engine, clock, work)

    assert seen.memory_bytes(["a", "b"]) == {}
    assert engine.asked == []
    work.pop()()
    assert seen.memory_bytes(["a", "b"]) == {"a": 2, "b": 4}


def test_many_pages_ask_the_engine_once(clock: HeldClock) -> None:
    engine, work = Engine(), []
    seen = watch(engine, clock, work)

    for _ in range(20):
        seen.memory_bytes(["a"])
    assert len(work) == 1
    work.pop()()
    clock.pass_by(seconds=4)
    seen.memory_bytes(["a"])
    assert work == []
    clock.pass_by(seconds=2)
    assert seen.memory_bytes(["a"]) == {"a": 2}
    assert len(work) == 1


def test_a_silent_engine_leaves_out_what_is_too_old_and_is_asked_again(clock: HeldClock) -> None:
    engine, work = Engine(), []
    seen = watch(engine, clock, work)
    seen.memory_bytes(["a"])
    work.pop()()
    engine.is_silent = True

    clock.pass_by(seconds=61)
    assert seen.memory_bytes(["a"]) == {}
    work.pop()()
    assert seen.memory_bytes(["a"]) == {}
    clock.pass_by(seconds=6)
    seen.memory_bytes(["a"])
    assert len(work) == 1


def test_what_is_asked_and_remembered_is_bounded(clock: HeldClock) -> None:
    engine, work = Engine(), []
    engine.is_silent = True
    seen = watch(engine, clock, work)

    for number in range(0, 2 * MOST_REMEMBERED, MOST_AT_ONCE):
        seen.memory_bytes([f"c{n}" for n in range(number, number + 2 * MOST_AT_ONCE)])
        work.pop()()
    assert len(engine.asked) == 2 * MOST_REMEMBERED
    assert len(seen._seen) == MOST_REMEMBERED
