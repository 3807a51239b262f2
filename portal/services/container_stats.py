"""What containers use, read by one reader for all who look, and by nobody when nobody looks."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from portal.domain.container import ContainerStats
from portal.domain.errors import PortalError
from portal.ports.containers import Containers

PAUSE_SECONDS = 1.5
IDLE_SECONDS = 8.0
MOST_WATCHED = 200
READINGS_KEPT = 120
READERS = 4
_log = logging.getLogger(__name__)


class StatsReader:
    """Whoever looks at a container keeps it watched for `IDLE_SECONDS`. Its thread ends when nothing is watched."""

    def __init__(self, containers: Containers, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._containers, self._pause_seconds = containers, pause_seconds
        self._lock = threading.Lock()
        self._wanted: OrderedDict[str, float] = OrderedDict()
        self._readings: dict[str, deque[ContainerStats]] = {}
        self._thread: threading.Thread | None = None
        self._halt = threading.Event()

    def look(self, names: Iterable[str]) -> dict[str, tuple[ContainerStats, ...]]:
        """The readings so far, the oldest first; and the wish for more of them."""
        now = monotonic()
        with self._lock:
            for name in names:
                self._wanted.pop(name, None)
                self._wanted[name] = now
                while len(self._wanted) > MOST_WATCHED:
                    self._forget(next(iter(self._wanted)))
            found = {name: tuple(self._readings.get(name, ())) for name in self._wanted}
            self._ensure_reading()
        return found

    def latest(self, name: str) -> ContainerStats | None:
        """The newest reading, without the wish for more."""
        with self._lock:
            readings = self._readings.get(name)
            return readings[-1] if readings else None

    def stop(self) -> None:
        self._halt.set()
        thread = self._thread
        if thread is not None:
            thread.join(5.0)

    @property
    def is_reading(self) -> bool:
        return self._thread is not None

    def read_once(self) -> bool:
        """Read every container that is watched; False if none is."""
        with self._lock:
            oldest = monotonic() - IDLE_SECONDS
            for name in [name for name, looked_at in self._wanted.items() if looked_at < oldest]:
                self._forget(name)
            names = list(self._wanted)
            if not names:
                self._thread = None
                return False
        with ThreadPoolExecutor(READERS, thread_name_prefix="stats") as pool:
            for name, reading in zip(names, pool.map(self._read, names), strict=True):
                self._keep(name, reading)
        return True

    def _forget(self, name: str) -> None:
        self._wanted.pop(name, None)
        self._readings.pop(name, None)

    def _ensure_reading(self) -> None:
        if self._thread is None and self._wanted and not self._halt.is_set():
            self._thread = threading.Thread(target=self._run, name="container-stats", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._halt.is_set():
            try:
                if not self.read_once():
                    return
            except Exception:  # noqa: BLE001 - the reader outlives whatever goes wrong in one turn
                _log.exception("reading container stats failed")
            self._halt.wait(self._pause_seconds)

    def _read(self, name: str) -> ContainerStats | None:
        try:
            return self._containers.stats(name)
        except PortalError:
            return None

    def _keep(self, name: str, reading: ContainerStats | None) -> None:
        with self._lock:
            if reading is not None and name in self._wanted:
                self._readings.setdefault(name, deque(maxlen=READINGS_KEPT)).append(reading)
