"""Watches every request that passes the proxy: rates for all routes, samples by second for those with a rollout."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from portal.domain.rollout import Rollout, TrafficSample
from portal.domain.route import AccessRecord, Slot, route_key
from portal.domain.verdict import latency_bin
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.ports.traffic import AccessLog
from portal.store import operations, rollouts, samples
from portal.store.database import Database

RATE_SECONDS = 10
LATE_SECONDS = 0.15


class Rates:
    """Requests a second of each route over the last ten whole seconds. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, deque[tuple[int, int]]] = {}

    def note(self, route: str, *, second: int, requests: int) -> None:
        with self._lock:
            self._seconds.setdefault(route, deque(maxlen=RATE_SECONDS)).append((second, requests))

    def note_silence(self, *, second: int) -> None:
        """Every route that had no request until then had none in this second."""
        with self._lock:
            for seen in self._seconds.values():
                if seen and seen[-1][0] < second:
                    seen.append((second, 0))

    def requests_per_second(self, route: str) -> float:
        with self._lock:
            seen = list(self._seconds.get(route, ()))
        if not seen:
            return 0.0
        newest = seen[-1][0]
        counts = [n for second, n in seen if second > newest - RATE_SECONDS]
        return sum(counts) / max(1, newest - seen[0][0] + 1) if counts else 0.0


@dataclass(slots=True)
class _Count:
    """What one slot answered in one second."""

    requests: int = 0
    errors: int = 0
    forced: int = 0
    latency: dict[int, int] = field(default_factory=dict[int, int])
    last_at: float | None = None

    def add(self, record: AccessRecord) -> None:
        if record.is_forced:
            self.forced += 1
            return
        self.requests += 1
        self.last_at = max(self.last_at or 0.0, record.at)
        if record.is_error:
            self.errors += 1
        elif record.server_ms is not None:
            bin_ = latency_bin(record.server_ms)
            self.latency[bin_] = self.latency.get(bin_, 0) + 1


Key = tuple[int, str, Slot]


class TrafficWatch:
    """One reader. `read` takes what came; once a second is over, its counts are stored and the rollouts are woken."""

    def __init__(self, database: Database, clock: Clock, log: AccessLog, *, topics: Topics, rates: Rates) -> None:
        self._database, self._clock, self._log = database, clock, log
        self._topics, self._rates = topics, rates
        self._counts: dict[Key, _Count] = {}
        self._stored_until = int(clock.now().timestamp()) - 1

    def read(self, *, timeout_seconds: float = 0.1) -> int:
        """Take what the proxy has logged (waits for the first record up to the time-out), and store seconds that
        are over.
        """
        records = self._log.read(timeout_seconds=timeout_seconds)
        for record in records:
            second = max(int(record.at), self._stored_until + 1)
            self._counts.setdefault((second, record.route, record.slot), _Count()).add(record)
        self._store_until(int(self._clock.now().timestamp() - LATE_SECONDS) - 1)
        return len(records)

    def _store_until(self, until: int) -> None:
        if until <= self._stored_until:
            return
        first, self._stored_until = self._stored_until + 1, until
        done = {key: self._counts.pop(key) for key in list(self._counts) if key[0] <= until}
        self._note_rates(done)
        self._rates.note_silence(second=until)
        with self._database.reading() as session:
            running = rollouts.active(session)
        if running:
            self._store(running, range(max(first, until - 60), until + 1), done)
        self._topics.publish("samples")

    def _note_rates(self, done: dict[Key, _Count]) -> None:
        sums: dict[tuple[int, str], int] = {}
        for (second, route, _), count in done.items():
            sums[second, route] = sums.get((second, route), 0) + count.requests + count.forced
        for (second, route), requests in sorted(sums.items()):
            self._rates.note(route, second=second, requests=requests)

    def _store(self, running: tuple[Rollout, ...], seconds: range, done: dict[Key, _Count]) -> None:
        """Also seconds without a request are stored: watched and silent is not the same as not watched."""
        targets = {(r.service, r.environment) for r in running}
        rows = [
            _sample(
                service,
                environment,
                (second, slot),
                done.get((second, route_key(service, environment), slot)),
                self._log.sampling,
            )
            for service, environment in targets
            for second in seconds
            for slot in Slot
        ]
        with self._database.transaction() as session:
            samples.put(session, rows)
            for rollout in running:
                if rollout.percent > 0:
                    operations.wake(session, rollout.id)
        self._topics.publish("operations")


def _sample(
    service: str, environment: str, place: tuple[int, Slot], count: _Count | None, sampling: float
) -> TrafficSample:
    count = count or _Count()
    return TrafficSample(
        second=place[0],
        service=service,
        environment=environment,
        slot=place[1],
        requests=count.requests,
        errors=count.errors,
        forced=count.forced,
        latency=count.latency,
        last_at=count.last_at,
        sampling=sampling,
    )
