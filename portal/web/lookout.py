"""Looks for many tabs at once: one look at each news of a thing, and once a second, serves everybody who watches it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from portal.domain.errors import PortalError
from portal.kit.topics import Topics

LEAST_SECONDS = 0.1
LINGER_SECONDS = 15.0

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


@dataclass(slots=True)
class _Watch(Generic[Made]):
    """`version` is that of the topic before the last look; `looked` and `news` are set by the next one, each once."""

    found: Made | PortalError | None = None
    failure: Exception | None = None
    version: int = -1
    waiting: int = 0
    left_at: float = 0.0
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def note(self, found: Made | PortalError | None, failure: Exception | None, version: int) -> None:
        is_news = failure is not None or found is not self.found
        self.found, self.failure, self.version = found, failure, version
        self.looked.set()
        self.looked = asyncio.Event()
        if is_news:
            self.news.set()
            self.news = asyncio.Event()

    def is_alive(self) -> bool:
        task = self.task
        return task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop()


class Lookout(Generic[Key, Made]):
    """For one event loop. It has as many watches as there are things that tabs look at, and a while longer.

    After each news of the topic, at most once in `least_seconds`, and every `beat_seconds` it calls `look` in a thread
    with the key and what was found before. Finding the very same again is no news.
    """

    def __init__(
        self,
        look: Callable[[Key, Made | None], Made],
        *,
        topic: Callable[[Key], str],
        beat_seconds: float = 1.0,
        least_seconds: float = LEAST_SECONDS,
    ) -> None:
        self._look, self._topic = look, topic
        self._beat_seconds, self._least_seconds = beat_seconds, least_seconds
        self._watches: dict[tuple[Topics, Key], _Watch[Made]] = {}

    async def next(
        self, topics: Topics, key: Key, seen: Made | PortalError | None, *, timeout_seconds: float
    ) -> Made | PortalError | None:
        """What there is to see, or why it cannot be, as soon as that is not `seen`; `seen` if it stays so all the time.

        Never older than the topic's last news at the time of the call.
        """
        watch, version = self._watch(topics, key), topics.version(self._topic(key))
        watch.waiting += 1
        try:
            async with asyncio.timeout(timeout_seconds):
                while watch.found is None or watch.found is seen or watch.version < version:
                    await (watch.news if watch.found in (None, seen) else watch.looked).wait()
                    if watch.failure is not None:
                        raise watch.failure
        except TimeoutError:
            return seen
        finally:
            watch.waiting -= 1
            watch.left_at = time.monotonic()
        return watch.found

    def _watch(self, topics: Topics, key: Key) -> _Watch[Made]:
        watch = self._watches.get((topics, key))
        if watch is None or not watch.is_alive():
            watch = self._watches[topics, key] = _Watch()
            watch.task = asyncio.create_task(self._keep(watch, topics, key))
        return watch

    async def _keep(self, watch: _Watch[Made], topics: Topics, key: Key) -> None:
        topic = self._topic(key)
        watch.left_at = time.monotonic()
        try:
            while watch.waiting or time.monotonic() - watch.left_at < LINGER_SECONDS:
                begun, version = time.monotonic(), topics.version(topic)
                await self._once(watch, key, version)
                await asyncio.sleep(self._least_seconds)
                rest = begun + self._beat_seconds - time.monotonic()
                await topics.news(topic, version, timeout_seconds=max(0.0, rest))
        finally:
            if self._watches.get((topics, key)) is watch:
                del self._watches[topics, key]

    async def _once(self, watch: _Watch[Made], key: Key, version: int) -> None:
        former = None if isinstance(watch.found, PortalError) else watch.found
        try:
            watch.note(await asyncio.to_thread(self._look, key, former), None, version)
        except PortalError as error:
            watch.note(watch.found if _is_same(watch.found, error) else error, None, version)
        except Exception as failure:  # noqa: BLE001 - it is raised where somebody waits
            watch.note(None, failure, version)


def _is_same(found: object, error: PortalError) -> bool:
    return isinstance(found, PortalError) and (found.code, found.params) == (error.code, error.params)
