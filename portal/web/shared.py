"""What many tabs ask for at the same moment is made once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

FRESH_SECONDS = 0.25
MOST_KEPT = 256

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Made]):
    """`is_made` is set once `making` is done: many wait for that more cheaply than for the task."""

    version: int
    begun: float
    making: asyncio.Task[Made]
    is_made: asyncio.Event


class Shared(Generic[Made]):
    """For one event loop. What was made is good for a quarter of a second, or until its topic has news."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept[Made]] = {}

    async def get(
        self, key: Hashable, version: int, make: Callable[[], Made], *, fresh_seconds: float | None = None
    ) -> Made:
        """What `make` returns, or raises, in a thread: now, or for somebody else who asked with this key just before.

        `version` is that of the topic by which changes are told: with another one it is made anew. `fresh_seconds` is
        for one who is content with something older than a quarter of a second.
        """
        kept = self._kept.get(key)
        if kept is None or kept.version != version or not _is_fresh(kept, fresh_seconds or FRESH_SECONDS):
            self._make_room()
            kept = self._kept[key] = _begin(version, make)
        await kept.is_made.wait()
        return kept.making.result()

    def _make_room(self) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept = {key: kept for key, kept in self._kept.items() if _is_fresh(kept, FRESH_SECONDS)}


def _begin(version: int, make: Callable[[], Made]) -> _Kept[Made]:
    made, begun = asyncio.Event(), time.monotonic()
    making = asyncio.create_task(asyncio.to_thread(make))
    making.add_done_callback(lambda _: made.set())
    return _Kept(version, begun, making, made)


def _is_fresh(kept: _Kept[Made], seconds: float) -> bool:
    is_of_this_loop = kept.making.get_loop() is asyncio.get_running_loop()
    return is_of_this_loop and time.monotonic() - kept.begun < seconds
