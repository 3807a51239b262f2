"""How much memory containers use, for pages that must not wait for an engine to say so."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread

from portal.domain.errors import PortalError
from portal.ports.clock import Clock
from portal.ports.containers import Containers

FRESH, USABLE = timedelta(seconds=5), timedelta(seconds=60)
MOST_REMEMBERED, MOST_AT_ONCE = 500, 50

Work = Callable[[], None]


def beside(work: Work) -> None:
    """Run the work in a thread of its own, which holds nothing up at the end of the process."""
    Thread(target=work, name="memory-watch", daemon=True).start()


@dataclass(frozen=True, slots=True)
class _Seen:
    memory_bytes: int | None
    at: datetime


class MemoryWatch:
    """Answers at once with what is known, at most a minute old, and has what is older than 5 s looked up beside."""

    def __init__(self, containers: Containers, clock: Clock, *, run: Callable[[Work], None] = beside) -> None:
        self._containers, self._clock, self._run = containers, clock, run
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._lock = Lock()
        self._is_looking = False

    def memory_bytes(self, names: Iterable[str]) -> Mapping[str, int]:
        """Bytes in use without what the kernel gives back first; a container of which nothing is known is left out."""
        wanted, now = tuple(names), self._clock.now()
        with self._lock:
            stale = [n for n in wanted if n not in self._seen or now - self._seen[n].at >= FRESH][:MOST_AT_ONCE]
            begins = bool(stale) and not self._is_looking
            self._is_looking = self._is_looking or begins
        if begins:
            self._run(lambda: self._look(stale))
        with self._lock:
            known = {name: self._seen[name] for name in wanted if name in self._seen}
        return {n: s.memory_bytes for n, s in known.items() if s.memory_bytes is not None and now - s.at < USABLE}

    def _look(self, names: list[str]) -> None:
        try:
            for name in names:
                self._remember(name, self._use_of(name))
        finally:
            with self._lock:
                self._is_looking = False

    def _use_of(self, name: str) -> int | None:
        try:
            return self._containers.stats(name).memory_bytes
        except PortalError:
            return None

    def _remember(self, name: str, memory_bytes: int | None) -> None:
        with self._lock:
            self._seen.pop(name, None)
            self._seen[name] = _Seen(memory_bytes, self._clock.now())
            while len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)
