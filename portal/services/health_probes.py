"""The looks at each part: cheap, bounded, and honest about what was seen."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from portal.domain.health import Check, CheckStatus
from portal.ports.containers import Containers
from portal.ports.traffic import Traffic
from portal.services.health import Probe
from portal.store import operations
from portal.store.database import Database
from portal.store.migrate import head, version

LITTLE_SPACE, NO_SPACE = 0.10, 0.01
OVERDUE_SECONDS = 30.0


def database(store: Database) -> Probe:
    """Reads, and has the tables of this version."""
    kind, expected = ("SQLite" if store.is_sqlite else "PostgreSQL"), head()

    def look() -> Check:
        with store.reading() as session:
            session.connection().execute(text("SELECT 1"))
            found = version(session.connection())
        if found != expected:
            return Check(CheckStatus.FAIL, f"{kind} is at migration {found or 'none'}, not {expected}")
        return Check(CheckStatus.PASS, f"{kind} answers")

    return look


def file_system(folder: Path) -> Probe:
    """A file can be written durably into the folder, and there is space."""

    def look() -> Check:
        mark = folder / f".health-{os.getpid()}"
        try:
            with mark.open("wb") as file:
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
            mark.unlink()
            usage = shutil.disk_usage(folder)
        except OSError as error:
            return Check(CheckStatus.FAIL, f"cannot be written: {error.strerror}")
        free = usage.free / usage.total
        status = CheckStatus.FAIL if free < NO_SPACE else CheckStatus.WARN if free < LITTLE_SPACE else CheckStatus.PASS
        return Check(status, f"{free:.0%} free ({usage.free / 1e9:.1f} GB)")

    return look


def engine(containers: Containers) -> Probe:
    def look() -> Check:
        facts = containers.about()
        shown = f"{facts.name} {facts.version}" + (", a demonstration in memory" if facts.is_demonstration else "")
        return Check(CheckStatus.PASS, shown)

    return look


def proxy(traffic: Traffic) -> Probe:
    def look() -> Check:
        facts = traffic.observe()
        if not facts.is_alive:
            return Check(CheckStatus.FAIL, "the proxy does not answer")
        shown = f"{facts.name} {facts.version}" + (", a demonstration in memory" if facts.is_demonstration else "")
        return Check(CheckStatus.PASS, shown)

    return look


def workers(store: Database, is_alive: Callable[[], bool] | None = None) -> Probe:
    """Work that is due is being done, here or by another process."""

    since: dict[tuple[int, int], float] = {}

    def look() -> Check:
        with store.reading() as session:
            due = operations.due(session)
        now = time.monotonic()
        for gone in since.keys() - due:
            del since[gone]
        waiting = sum(now - since.setdefault(claimable, now) > OVERDUE_SECONDS for claimable in due)
        if is_alive is not None and not is_alive():
            return Check(CheckStatus.FAIL, "a background loop of this process has ended")
        if waiting:
            return Check(CheckStatus.FAIL, f"{waiting} operations are due and nobody works on them")
        return Check(CheckStatus.PASS, "nothing is overdue")

    return look
