"""News inside one process: a topic has a version that grows, threads and coroutines wait for the next one.

A reader keeps the version it has seen; it never misses that something happened, and many events in between are one.
"""

from __future__ import annotations

import asyncio
import threading

MOST_TOPICS = 10_000


class Topics:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._versions: dict[str, int] = {}
        self._sleepers: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def publish(self, name: str) -> None:
        """From any thread."""
        with self._changed:
            if name not in self._versions and len(self._versions) >= MOST_TOPICS:
                self._versions.pop(next(iter(self._versions)))
            self._versions[name] = self._versions.get(name, 0) + 1
            self._changed.notify_all()
            sleepers = self._sleepers.pop(name, set())
        for loop, event in sleepers:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def version(self, name: str) -> int:
        with self._changed:
            return self._versions.get(name, 0)

    def wait(self, name: str, seen: int, *, timeout_seconds: float) -> int:
        """Block this thread until the version differs from `seen`, or the time is up; the version then."""
        with self._changed:
            self._changed.wait_for(lambda: self._versions.get(name, 0) != seen, timeout_seconds)
            return self._versions.get(name, 0)

    async def news(self, name: str, seen: int, *, timeout_seconds: float) -> int:
        """The same for a coroutine; nothing is left behind when it is cancelled."""
        event = asyncio.Event()
        sleeper = (asyncio.get_running_loop(), event)
        with self._changed:
            if self._versions.get(name, 0) != seen:
                return self._versions[name]
            self._sleepers.setdefault(name, set()).add(sleeper)
        try:
            async with asyncio.timeout(timeout_seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._changed:
                self._sleepers.get(name, set()).discard(sleeper)
        return self.version(name)
