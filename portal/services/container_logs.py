"""Lines that containers print, for those who may see them, with secrets taken out."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from threading import Event

from portal.domain.access import Actor
from portal.domain.container import ContainerLogLine
from portal.domain.errors import Unavailable
from portal.kit.redaction import redacted
from portal.ports.containers import Containers
from portal.services.containers import Fleet

MOST_LINES = 10_000
LONGEST_LINE = 16_384
MOST_FOLLOWED, MOST_FOLLOWED_EACH = 100, 10


class ContainerLogs:
    def __init__(self, containers: Containers, fleet: Fleet) -> None:
        self._containers, self._fleet = containers, fleet
        self._lock = threading.Lock()
        self._followers: Counter[str] = Counter()

    def tail(self, actor: Actor, name: str, *, lines: int = 200) -> tuple[ContainerLogLine, ...]:
        """The newest lines, at most 10,000, the oldest first."""
        self._fleet.line(actor, name)
        found = self._containers.logs(name, tail=max(1, min(lines, MOST_LINES)))
        return tuple(_clean(line) for line in found)

    @contextmanager
    def follow(
        self, actor: Actor, name: str, stop: Event, *, since: datetime | None = None
    ) -> Generator[Iterator[ContainerLogLine]]:
        """Lines as they come until the container ends or `stop` is set. Unavailable("too_many_streams")."""
        self._fleet.line(actor, name)
        self._take_place(actor.human)
        try:
            yield (_clean(line) for line in self._containers.follow_logs(name, stop, since=since))
        finally:
            self._leave(actor.human)

    def _take_place(self, person: str) -> None:
        with self._lock:
            if self._followers.total() >= MOST_FOLLOWED or self._followers[person] >= MOST_FOLLOWED_EACH:
                raise Unavailable("too_many_streams", most=MOST_FOLLOWED_EACH)
            self._followers[person] += 1

    def _leave(self, person: str) -> None:
        with self._lock:
            self._followers[person] -= 1
            if self._followers[person] <= 0:
                del self._followers[person]


def _clean(line: ContainerLogLine) -> ContainerLogLine:
    return replace(line, text=redacted(line.text[:LONGEST_LINE]))
