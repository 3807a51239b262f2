"""Many tabs that ask at once cause one look."""

from __future__ import annotations

import asyncio

import pytest

from portal.domain.errors import NotFound
from portal.web.shared import MOST_KEPT, Shared


class Maker:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> int:
        self.made += 1
        return self.made


async def test_who_asks_at_the_same_moment_gets_the_same() -> None:
    shared, make = Shared[int](), Maker()

    found = await asyncio.gather(*(shared.get("page", 1, make) for _ in range(300)))

    assert set(found) == {1}
    assert await shared.get("another page", 1, make) == 2


async def test_news_and_time_make_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, make = Shared[int](), Maker()
    assert await shared.get("page", 1, make) == 1
    assert await shared.get("page", 2, make) == 2
    monkeypatch.setattr("portal.web.shared.FRESH_SECONDS", 0.0)
    assert await shared.get("page", 2, make) == 3


async def test_a_failure_is_told_to_all_and_one_who_leaves_takes_nobody_along() -> None:
    shared = Shared[int]()

    def fail() -> int:
        raise NotFound("rollout_missing", id=1)

    found = await asyncio.gather(*(shared.get("page", 1, fail) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [NotFound] * 3

    make = Maker()
    leaving, staying = (asyncio.create_task(shared.get("other", 1, make)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 1


async def test_it_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, make = Shared[int](), Maker()
    monkeypatch.setattr("portal.web.shared.FRESH_SECONDS", 0.0)
    for number in range(MOST_KEPT + 10):
        await shared.get(number, 1, make)
    assert len(shared._kept) <= MOST_KEPT
