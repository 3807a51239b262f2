"""The port `access log` in memory, and the load on the proxy in memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from random import Random

from portal.adapters.memory.requests import Request
from portal.adapters.memory.traffic import MemoryTraffic
from portal.domain.route import AccessRecord, Route

USERS = 2_000
PATHS = ("", "orders", "orders/42", "search", "account")
METHODS = ("GET",) * 9 + ("POST",)
QUEUE_LIMIT = 50_000
LOOK_SECONDS = 0.02
SHARE_PRINTED = 25


class MemoryAccessLog:
    """Implements `portal.ports.traffic.AccessLog` over a `MemoryTraffic`, and makes the requests that it reports.

    `serve` makes them at once, for tests. With `requests_per_second` (for each route) every `read` makes those that
    fall between the last read and now by the world's clock, for a demonstration. The same seed and the same world give
    the same records.
    """

    def __init__(self, traffic: MemoryTraffic, *, requests_per_second: float = 0.0, seed: int = 1) -> None:
        self._traffic = traffic
        self._rate = requests_per_second
        self._random = Random(seed)  # noqa: S311
        self._records: deque[AccessRecord] = deque()
        self._dropped = self._answered = 0
        self._lock = threading.Lock()
        self._until = self._now()

    def serve(self, seconds: float, requests_per_second: float) -> None:
        """Requests to every route, evenly spread over the `seconds` that end now."""
        with self._lock:
            now = self._now()
            self._make(now - seconds, now, rate=requests_per_second)

    def read(self, *, limit: int = 5000, timeout_seconds: float = 0.2) -> list[AccessRecord]:
        deadline = time.monotonic() + timeout_seconds
        while not (records := self._taken(limit)) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return records

    @property
    def dropped(self) -> int:
        return self._dropped

    @property
    def sampling(self) -> float:
        return 1.0

    def _now(self) -> float:
        return self._traffic.world.clock.now().timestamp()

    def _taken(self, limit: int) -> list[AccessRecord]:
        with self._lock:
            self._follow()
            return [self._records.popleft() for _ in range(min(limit, len(self._records)))]

    def _follow(self) -> None:
        """Whole requests only: what is left of the time counts for the next read."""
        now = self._now()
        due = int((now - self._until) * self._rate)
        if due > 0:
            until = self._until + due / self._rate
            self._make(self._until, until, rate=self._rate)
            self._until = until

    def _make(self, since: float, until: float, *, rate: float) -> None:
        count = round((until - since) * rate)
        room = QUEUE_LIMIT - len(self._records)
        routes = self._traffic.routes
        for number in range(min(count, max(0, room) // max(1, len(routes)))):
            at = since + (number + 1) * (until - since) / count
            for route in routes:
                self._send(route, at)
        self._dropped += max(0, count * len(routes) - max(0, room))

    def _send(self, route: Route, at: float) -> None:
        draw = self._random
        request = Request(
            user=f"user-{draw.randrange(USERS)}",
            host=route.hosts[0] if route.hosts else "localhost",
            path=route.path_prefix.rstrip("/") + "/" + draw.choice(PATHS),
            method=draw.choice(METHODS),
        )
        record = self._traffic.request(request, at=at)
        if record is not None:
            self._records.append(record)
            if self._rate:
                self._print(record)

    def _print(self, record: AccessRecord) -> None:
        """What the server of a demonstration writes into its own log: every failure, and some of the rest."""
        self._answered += 1
        if record.server in self._traffic.world.containers and (record.is_error or self._answered % SHARE_PRINTED == 0):
            took = f" {record.server_ms:.0f} ms" if record.server_ms is not None else ""
            stream = "stderr" if record.is_error else "stdout"
            self._traffic.world.write_log(
                record.server, f"{record.method} {record.path} {record.status}{took}", stream=stream
            )
