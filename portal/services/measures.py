"""The portal's own figures, named as required. A figure that does not exist is left out, never called 0."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

from portal import __version__
from portal.domain.errors import PortalError
from portal.store import tasks
from portal.store.database import Database

QUANTILES = (0.5, 0.95, 0.99)
SHORTEST_CPU_SECONDS = 1.0
DISK_EVERY_SECONDS = 60.0
MOST_FILES = 20_000


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    UNTYPED = "unknown"
    SUMMARY = "summary"


# The name of the first is given and ends like a counter's, but it goes up and down: so it has no type.
KNOWN = {
    "codex_active_tasks_total": (Kind.UNTYPED, "Tasks that are being worked on or wait."),
    "codex_completed_tasks_total": (Kind.COUNTER, "Tasks that reached their goal."),
    "codex_failed_tasks_total": (Kind.COUNTER, "Tasks that were aborted, by the evidence or by a person."),
    "codex_task_duration_seconds": (Kind.SUMMARY, "How long tasks took; quantiles of the newest thousand."),
    "codex_cpu_usage_percent": (Kind.GAUGE, "CPU of the portal's process; 100 is one core."),
    "codex_memory_usage_bytes": (Kind.GAUGE, "Resident memory of the portal's process."),
    "codex_disk_usage_bytes": (Kind.GAUGE, "Disk space of the portal's own folder."),
    "codex_access_records_dropped_total": (Kind.COUNTER, "Records of requests lost because the queue was full."),
    "codex_portal_info": (Kind.GAUGE, "Version of the portal."),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure, or for a summary several: `parts` are (what follows the name, labels, value)."""

    name: str
    kind: Kind
    text: str
    parts: tuple[tuple[str, tuple[tuple[str, str], ...], float], ...]


class Measures:
    """Of this process (`folder` is its own), and of the tasks in the database. Safe for several threads."""

    def __init__(self, database: Database, folder: Path, *, dropped_records: Callable[[], int] | None = None) -> None:
        self._database, self._folder, self._dropped_records = database, folder, dropped_records
        self._lock = Lock()
        self._cpu = (time.monotonic(), time.process_time())
        self._cpu_percent: float | None = None
        self._disk: tuple[float, int | None] = (float("-inf"), None)

    def all(self) -> tuple[Measure, ...]:
        with self._lock:
            return (*self._process(), *self._tasks())

    def _process(self) -> Iterator[Measure]:
        yield _one("codex_portal_info", 1, version=__version__)
        figures = {
            "codex_cpu_usage_percent": self._cpu_use(),
            "codex_memory_usage_bytes": resident_bytes(),
            "codex_disk_usage_bytes": self._disk_use(),
            "codex_access_records_dropped_total": self._dropped_records() if self._dropped_records else None,
        }
        yield from (_one(name, value) for name, value in figures.items() if value is not None)

    def _tasks(self) -> Iterator[Measure]:
        try:
            with self._database.reading() as session:
                found = tasks.counts(session)
        except PortalError:
            return
        yield _one("codex_active_tasks_total", found.active)
        yield _one("codex_completed_tasks_total", found.completed)
        yield _one("codex_failed_tasks_total", found.failed)
        if found.ended:
            yield _durations(found)

    def _cpu_use(self) -> float | None:
        wall, busy = time.monotonic(), time.process_time()
        passed = wall - self._cpu[0]
        if passed >= SHORTEST_CPU_SECONDS:
            self._cpu_percent = 100 * (busy - self._cpu[1]) / passed
            self._cpu = (wall, busy)
        return self._cpu_percent

    def _disk_use(self) -> int | None:
        if time.monotonic() - self._disk[0] >= DISK_EVERY_SECONDS:
            self._disk = (time.monotonic(), folder_bytes(self._folder))
        return self._disk[1]


def resident_bytes() -> int | None:
    """Memory of this process as the kernel counts it; None where it cannot be known."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * resource.getpagesize()


def folder_bytes(folder: Path) -> int | None:
    """Space that the files take on disk; None if there is no such folder or it has too many files to count."""
    total, count = 0, 0
    if not folder.is_dir():
        return None
    for place, _, names in os.walk(folder):
        for name in names:
            count += 1
            if count > MOST_FILES:
                return None
            try:
                total += (Path(place) / name).lstat().st_blocks * 512
            except OSError:
                continue  # gone meanwhile
    return total


def _one(name: str, value: float, **labels: str) -> Measure:
    return Measure(name, *KNOWN[name], parts=(("", tuple(labels.items()), float(value)),))


def _durations(found: tasks.TaskCounts) -> Measure:
    name, last = "codex_task_duration_seconds", len(found.recent) - 1
    quantiles = tuple(("", (("quantile", str(q)),), found.recent[round(q * last)]) for q in QUANTILES)
    totals = (("_sum", (), found.seconds), ("_count", (), float(found.ended)))
    return Measure(name, *KNOWN[name], parts=(*quantiles, *totals))
