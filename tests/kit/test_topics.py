"""News reaches threads and coroutines that wait for it, none is missed, and nothing is left behind."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.kit import topics as module
from portal.kit.topics import Topics


def test_a_thread_is_woken_by_news_from_another():
    topics = Topics()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(topics.wait, "rollouts", 0, timeout_seconds=10)
        topics.publish("rollouts")
        assert waiting.result(5) == 1


def test_news_that_came_before_the_wait_is_not_missed():
    topics = Topics()
    topics.publish("rollouts")
    topics.publish("rollouts")
    assert topics.wait("rollouts", 0, timeout_seconds=0) == 2
    assert topics.wait("rollouts", 2, timeout_seconds=0) == 2


async def test_a_coroutine_is_woken_by_news_from_a_thread():
    topics = Topics()
    waiting = asyncio.create_task(topics.news("rollout:1", 0, timeout_seconds=10))
    await asyncio.sleep(0)
    thread = threading.Thread(target=topics.publish, args=("rollout:1",))
    thread.start()
    assert await asyncio.wait_for(waiting, 5) == 1
    thread.join()


async def test_many_coroutines_hear_of_it_and_others_do_not():
    topics = Topics()
    waiting = [asyncio.create_task(topics.news("a", 0, timeout_seconds=10)) for _ in range(50)]
    other = asyncio.create_task(topics.news("b", 0, timeout_seconds=10))
    await asyncio.sleep(0)
    topics.publish("a")
    assert await asyncio.wait_for(asyncio.gather(*waiting), 5) == [1] * 50
    assert not other.done()
    other.cancel()


async def test_who_waits_in_vain_gets_the_version_as_it_is():
    assert await Topics().news("a", 0, timeout_seconds=0.01) == 0


async def test_nothing_is_left_of_who_was_cancelled():
    topics = Topics()
    waiting = asyncio.create_task(topics.news("a", 0, timeout_seconds=10))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not any(topics._sleepers.values())
    topics.publish("a")


def test_the_number_of_topics_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_TOPICS", 3)
    topics = Topics()
    for number in range(10):
        topics.publish(f"rollout:{number}")
    assert [topics.version(f"rollout:{number}") for number in (6, 7, 8, 9)] == [0, 1, 1, 1]
