"""Puts a portal's database together again from the store, as it was at a moment, and finds out whether it is whole."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from portal.domain.access import SYSTEM
from portal.domain.errors import NotFound, Unavailable
from portal.ports.clock import Clock
from portal.services import backup_lines
from portal.services.audit import Audit
from portal.services.backup_lines import BaseCopy, Record, Segment
from portal.services.backup_vault import Vault
from portal.store import sqlite_files
from portal.store.database import Database
from portal.store.migrate import migrate
from portal.store.wal import last_commit, replay

_UNITS = {"base": "bytes", "log": "segments", "audit": "entries"}


@dataclass(frozen=True, slots=True)
class Restored:
    """`at` is the moment whose state it is: of the last whole transaction. `rows` and `entries` were counted in it."""

    base: BaseCopy
    at: datetime
    sequence: int
    segments: int
    seconds: float
    entries: int = 0
    schema: str = ""
    master_key: str = ""
    is_intact: bool = True
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Far:
    """How far a step is: base, log, integrity or audit; `total` 0 if nobody knows."""

    step: str
    done: int = 0
    total: int = 0

    @property
    def unit(self) -> str:
        return _UNITS.get(self.step, "")


Told = Callable[[Far], None]


def silent(far: Far) -> None:
    """For whoever does not want to know."""
    del far


class Restorer:
    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault, self._clock = vault, clock

    def choose(self, until: datetime | None = None) -> BaseCopy:
        """The newest base, or that from which the moment can be reached. NotFound("backup_none")."""
        found = next(backup_lines.bases(self._vault, until=until), None)
        if found is None:
            raise NotFound("backup_none", store=self._vault.store.address)
        return found

    def restore(
        self, database: Path, anchors: Path, *, base: BaseCopy, until: datetime | None = None, told: Told = silent
    ) -> Restored:
        """Write both files anew. What was counted when the base was made is counted again before the log is replayed.

        Unavailable("backup_damaged", …) if anything does not fit; then the files are of no use.
        """
        begun = time.monotonic()
        sqlite_files.remove(database)
        database.parent.mkdir(parents=True, exist_ok=True)
        self._write_base(database, base, told)
        anchors.write_text(base.anchors, "utf-8")
        restored = Restored(base, base.at, base.sequence, 0, 0.0, master_key=base.master_key)
        segments = backup_lines.segments(self._vault, base.line, after=base.sequence)
        with closing(Files(database, anchors)) as files:
            restored = self._replay(files, segments, restored, until, told)
        return replace(restored, seconds=time.monotonic() - begun)

    def check(self, restored: Restored, database: Path, *, anchors: Path, told: Told = silent) -> Restored:
        """Integrity, schema and the audit trail with its anchors; migrates to what this portal expects before."""
        told(Far("integrity"))
        faults = sqlite_files.faults(database)
        if faults:
            return replace(restored, is_intact=False, fault="; ".join(faults)[:300])
        opened = Database(f"sqlite:///{database}", pool_size=1)
        try:
            migrate(opened)
            told(Far("audit"))
            audit = Audit(opened, self._clock, anchor_file=anchors)
            report = audit.verify(SYSTEM, on_progress=lambda entries: told(Far("audit", entries)))
        finally:
            opened.close()
        fault = "" if report.is_intact else f"audit {report.code} {report.broken_at or ''}".strip()
        schema = sqlite_files.schema(database)
        return replace(restored, is_intact=report.is_intact, fault=fault, entries=report.entries, schema=schema)

    def _write_base(self, database: Path, base: BaseCopy, told: Told) -> None:
        done = 0
        with os.fdopen(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in self._vault.content(base.folder, base.stored):
                file.write(piece)
                done += len(piece)
                told(Far("base", done, base.stored.size_bytes))
            file.flush()
            os.fsync(file.fileno())
        counted = sqlite_files.rows(database)
        if dict(counted) != dict(base.rows):
            raise Unavailable("backup_damaged", name=base.folder)

    def _replay(
        self, files: Files, segments: list[Segment], restored: Restored, until: datetime | None, told: Told
    ) -> Restored:
        """Only whole transactions: the beginning of one waits for its end."""
        waiting, anchors = b"", ""
        for index, segment in enumerate(segments):
            for record in backup_lines.records(self._vault, segment):
                if until is not None and record.at > until:
                    return restored
                frames, anchors = waiting + record.cut.frames, anchors + record.anchors
                whole = last_commit(frames, record.cut.page_bytes)
                waiting = frames[whole:]
                if whole:
                    files.write(frames[:whole], page_bytes=record.cut.page_bytes, anchors=anchors)
                    restored, anchors = _grown(restored, record), ""
            told(Far("log", index + 1, len(segments)))
        return restored


class Files:
    """The database and the file of anchors while they grow."""

    def __init__(self, database: Path, anchors: Path) -> None:
        self._database = os.open(database, os.O_RDWR)
        self._anchors = anchors.open("a", encoding="utf-8")

    def write(self, frames: bytes, *, page_bytes: int, anchors: str) -> None:
        replay(self._database, frames, page_bytes=page_bytes)
        self._anchors.write(anchors)

    def close(self) -> None:
        """Durable when it returns."""
        self._anchors.flush()
        for number in (self._anchors.fileno(), self._database):
            os.fsync(number)
        self._anchors.close()
        os.close(self._database)


def _grown(restored: Restored, record: Record) -> Restored:
    return replace(
        restored,
        at=record.at,
        sequence=record.sequence,
        segments=restored.segments + 1,
        master_key=record.master_key or restored.master_key,
    )
