"""One look for all who watch the same thing."""

from __future__ import annotations

import asyncio

import pytest

from portal.domain.errors import NotFound, PortalError
from portal.kit.topics import Topics
from portal.web import lookout as module
from portal.web.lookout import Lookout

SOON = 5.0


class World:
    """What is looked at, and how often it was."""

    def __init__(self) -> None:
        self.topics, self.shown, self.looks = Topics(), "first", 0
        self.trouble: Exception | None = None

    def look(self, key: str, former: str | None) -> str:
        self.looks += 1
        if self.trouble is not None:
            raise self.trouble
        found = f"{key} {self.shown}"
        return former if former is not None and former == found else found

    def change(self, shown: str) -> None:
        self.shown = shown
        self.topics.publish("news")

    async def seen(self, lookout: Lookout[str, str], seen: object = None, *, seconds: float = SOON) -> object:
        return await lookout.next(self.topics, "page", seen, timeout_seconds=seconds)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def lookout(world: World) -> Lookout[str, str]:
    return Lookout(world.look, topic=lambda _: "news", beat_seconds=0.05, least_seconds=0.0)


async def test_three_hundred_tabs_cause_one_look(world: World, lookout: Lookout[str, str]) -> None:
    found = await asyncio.gather(*(world.seen(lookout) for _ in range(300)))
    assert set(found) == {"page first"}
    assert world.looks < 5


async def test_who_has_seen_it_is_woken_by_news_alone(world: World, lookout: Lookout[str, str]) -> None:
    first = await world.seen(lookout)
    assert await world.seen(lookout, first, seconds=0.2) is first
    looks = world.looks
    assert looks > 1  # it was looked at in between, and was the same
    waiting = [asyncio.create_task(world.seen(lookout, first)) for _ in range(10)]
    await asyncio.sleep(0)
    world.change("second")
    assert set(await asyncio.gather(*waiting)) == {"page second"}


async def test_nobody_gets_what_is_older_than_the_last_news(world: World) -> None:
    lookout = Lookout(world.look, topic=lambda _: "news", beat_seconds=60.0, least_seconds=0.0)
    for shown in "abcdefgh":
        world.change(shown)
        assert await world.seen(lookout) == f"page {shown}"


async def test_news_in_quick_succession_are_one_look(world: World) -> None:
    lookout = Lookout(world.look, topic=lambda _: "news", beat_seconds=60.0, least_seconds=0.2)
    first = await world.seen(lookout)
    for number in range(100):
        world.change(str(number))
    assert await world.seen(lookout, first) == "page 99"
    assert world.looks == 2


async def test_what_stands_in_the_way_is_told_once_and_passes(world: World, lookout: Lookout[str, str]) -> None:
    world.trouble = NotFound("rollout_missing", id=1)
    told = await world.seen(lookout)
    assert isinstance(told, PortalError)
    assert await world.seen(lookout, told, seconds=0.2) is told
    world.trouble = None
    assert await world.seen(lookout, told) == "page first"


async def test_a_fault_is_raised_where_somebody_waits(world: World, lookout: Lookout[str, str]) -> None:
    world.trouble = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await world.seen(lookout)
    world.trouble = None
    assert await world.seen(lookout) == "page first"


async def test_one_who_leaves_takes_nobody_along(world: World, lookout: Lookout[str, str]) -> None:
    leaving, staying = (asyncio.create_task(world.seen(lookout)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "page first"


async def test_what_nobody_watches_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, world: World, lookout: Lookout[str, str]
) -> None:
    monkeypatch.setattr(module, "LINGER_SECONDS", 0.0)
    await world.seen(lookout)
    await asyncio.wait({watch.task for watch in lookout._watches.values() if watch.task}, timeout=SOON)
    assert not lookout._watches
    looks = world.looks
    await asyncio.sleep(0.1)
    assert world.looks == looks
    assert await world.seen(lookout) == "page first"
