"""Restores a portal on an empty machine: database, anchors, and what has to be said about it afterwards."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.domain.access import Actor
from portal.domain.audit import AuditEntry
from portal.domain.backup import Recovery, RecoveryKind
from portal.domain.errors import Conflict, Unavailable
from portal.kit import failpoints
from portal.kit.sealing import key_name
from portal.ports.clock import Clock
from portal.services import backup_lines
from portal.services.audit import Audit
from portal.services.backup_restore import Restored, Restorer, Told, silent
from portal.services.backup_vault import Vault
from portal.store import backups, sqlite_files
from portal.store.database import Database


@dataclass(frozen=True, slots=True)
class PortalRestored:
    """`known_until`: nothing was committed between the state that was restored and that moment. `kept_as` is where what
    was here before has been put.
    """

    store: str
    restored: Restored
    known_until: datetime
    seconds: float
    rpo_seconds: float
    kept_as: str = ""

    def document(self) -> dict[str, Any]:
        return {
            "store": self.store,
            "base_at": self.restored.base.at.isoformat(),
            "state_at": self.restored.at.isoformat(),
            "known_until": self.known_until.isoformat(),
            "line": self.restored.base.line,
            "segments": self.restored.segments,
            "rows": sum(self.restored.base.rows.values()),
            "entries": self.restored.entries,
            "schema": self.restored.schema,
            "seconds": round(self.seconds, 3),
            "rpo_seconds": round(self.rpo_seconds, 3),
            "kept_as": self.kept_as,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a portal lives on this machine. `keys` are its master keys, none if there is no `key_file` yet."""

    database: Path
    anchors: Path
    key_file: Path
    keys: tuple[bytes, ...] = ()


class PortalRestore:
    """Of a portal whose database is SQLite. Everything is written aside and checked before anything is replaced."""

    def __init__(self, vault: Vault, clock: Clock, place: Place) -> None:
        self._vault, self._clock, self.place = vault, clock, place
        self._database, self._anchors = place.database, place.anchors

    def rehearse(self, *, until: datetime | None = None, told: Told = silent) -> PortalRestored:
        """The same beside what is here, which stays as it is; the copy is removed again."""
        with self._aside() as (database, anchors):
            return self._made(database, anchors, until, told)

    def restore(
        self, actor: Actor, *, until: datetime | None = None, is_forced: bool = False, told: Told = silent
    ) -> PortalRestored:
        """Conflict("restore_over") if there is a database and it is not forced, Conflict("restore_in_use") if a portal
        uses it, Conflict("restore_key_other") if this machine's master key is not the one that sealed the secrets, and
        Conflict("restore_key_missing") if it has none and it is not forced.
        """
        self._require_room(is_forced=is_forced)
        with self._aside() as (database, anchors):
            made = self._made(database, anchors, until, told)
            self._require_key(made.restored.master_key, is_forced=is_forced)
            self._write_down(actor, database, anchors, made)
            kept_as = self._put_in_place(database, anchors)
        return replace(made, kept_as=kept_as)

    def _made(self, database: Path, anchors: Path, until: datetime | None, told: Told) -> PortalRestored:
        begun, restorer = time.monotonic(), Restorer(self._vault, self._clock)
        base = restorer.choose(until)
        restored = restorer.restore(database, anchors, base=base, until=until, told=told)
        restored = restorer.check(restored, database, anchors=anchors, told=told)
        if not restored.is_intact:
            raise Unavailable("restore_not_whole", reason=restored.fault)
        seen = backup_lines.seen_after(self._vault, line=base.line, sequence=restored.sequence)
        known = max(restored.at, seen or restored.at)
        lost = (until or self._clock.now()) - (min(known, until) if until else known)
        return PortalRestored(
            store=self._vault.store.address,
            restored=restored,
            known_until=known,
            seconds=time.monotonic() - begun,
            rpo_seconds=max(0.0, lost.total_seconds()),
        )

    def _require_room(self, *, is_forced: bool) -> None:
        if not self._database.exists():
            return
        if not is_forced:
            raise Conflict("restore_over", path=self._database.absolute())
        if sqlite_files.is_in_use(self._database):
            raise Conflict("restore_in_use", path=self._database.absolute())

    def _require_key(self, key: str, *, is_forced: bool) -> None:
        """Without it the secrets in the database stay closed: better said now than at the first sign-in."""
        path = self.place.key_file.absolute()
        if not self.place.keys and not is_forced:
            raise Conflict("restore_key_missing", path=path, key=key)
        if self.place.keys and key not in map(key_name, self.place.keys):
            raise Conflict("restore_key_other", path=path, key=key)

    def _write_down(self, actor: Actor, database: Path, anchors: Path, made: PortalRestored) -> None:
        now = self._clock.now()
        recovery = Recovery(
            id=0,
            kind=RecoveryKind.RESTORE,
            target="portal",
            at=now,
            is_good=True,
            rto_seconds=made.seconds,
            rpo_seconds=made.rpo_seconds,
            requested_by=actor.name,
            document=made.document(),
        )
        params = {"state_at": made.restored.at.isoformat(), "store": made.store, "seconds": f"{made.seconds:.2f}"}
        entry = AuditEntry(actor.name, actor.kind, "portal.restored", "recovery", "portal", params=params)
        opened = Database(f"sqlite:///{database}", pool_size=1)
        try:
            with opened.transaction() as session:
                backups.add_recovery(session, recovery)
                Audit(opened, self._clock, anchor_file=anchors).record(session, entry)
        finally:
            opened.close()

    def _put_in_place(self, database: Path, anchors: Path) -> str:
        """What is here is kept under another name; a crash in between leaves one or the other whole."""
        kept_as = ""
        failpoints.hit("restore.place.before")
        if self._database.exists():
            stamp = self._clock.now().strftime("%Y%m%d%H%M%S")
            kept = self._database.with_name(f"{self._database.name}.before-{stamp}")
            for end in ("-wal", ""):
                beside = self._database.with_name(self._database.name + end)
                if beside.exists():
                    beside.rename(kept.with_name(kept.name + end))
            kept_as = str(kept.absolute())
        for path in (self._database, self._anchors):
            path.parent.mkdir(parents=True, exist_ok=True)
        sqlite_files.remove(self._database)
        anchors.replace(self._anchors)
        database.replace(self._database)
        return kept_as

    @contextmanager
    def _aside(self) -> Generator[tuple[Path, Path]]:
        folder = self._database.parent
        folder.mkdir(parents=True, exist_ok=True)
        database, anchors = folder / f".restoring-{self._database.name}", folder / ".restoring-anchors"
        try:
            yield database, anchors
        finally:
            sqlite_files.remove(database)
            anchors.unlink(missing_ok=True)
