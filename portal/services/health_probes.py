"""The looks at each part: cheap, bounded, and honest about what was seen."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from portal.domain.container import EngineFacts
from portal.domain.health import Check, CheckStatus, said
from portal.domain.route import TrafficFacts
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
            return said(CheckStatus.FAIL, "database_migration", kind=kind, found=found or "-", expected=expected)
        return said(CheckStatus.PASS, "database", kind=kind)

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
            return said(CheckStatus.FAIL, "folder_unwritable", why=error.strerror)
        free = usage.free / usage.total
        status = CheckStatus.FAIL if free < NO_SPACE else CheckStatus.WARN if free < LITTLE_SPACE else CheckStatus.PASS
        return said(status, "free", share=f"{free:.0%}", gigabytes=f"{usage.free / 1e9:.1f}")

    return look


def engine(containers: Containers) -> Probe:
    def look() -> Check:
        facts = containers.about()
        return _part(facts)

    return look


def proxy(traffic: Traffic) -> Probe:
    def look() -> Check:
        facts = traffic.observe()
        if not facts.is_alive:
            return said(CheckStatus.FAIL, "proxy_silent")
        return _part(facts)

    return look


def _part(facts: EngineFacts | TrafficFacts) -> Check:
    if facts.is_demonstration:
        return said(CheckStatus.PASS, "part_in_memory", name=facts.name, version=facts.version)
    return Check(CheckStatus.PASS, f"{facts.name} {facts.version}")


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
            return said(CheckStatus.FAIL, "loop_ended")
        if waiting:
            return said(CheckStatus.FAIL, "overdue", n=waiting)
        return said(CheckStatus.PASS, "nothing_overdue")

    return look
