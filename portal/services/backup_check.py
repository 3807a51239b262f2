"""The job that restores a base of the portal's own backup into a scratch folder and finds out whether it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.domain.access import SYSTEM, Permission
from portal.domain.backup import Backup, Recovery, RecoveryKind
from portal.domain.errors import NotFound, PortalError, Unavailable
from portal.ports.clock import Clock
from portal.services import backup_lines
from portal.services.backup_bases import Bases
from portal.services.backup_lines import BaseCopy
from portal.services.backup_restore import Restored
from portal.services.backup_vault import Vault
from portal.services.backups import PORTAL, Backups
from portal.services.job_run import JobRun
from portal.store.database import Database


class CheckPortalBackup:
    """`backup` in its document is the number of the backup."""

    permission = Permission.BACKUP_RUN

    def __init__(self, database: Database, clock: Clock, backups: Backups) -> None:
        self._database, self._clock, self._backups = database, clock, backups

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        del document
        return ("restore",)

    def perform(self, step: str, run: JobRun) -> None:
        """A backup that is not whole is a result, not a failure of the job."""
        del step
        means = self._backups.require()
        backup = self._backups.get(SYSTEM, int(run.document["backup"]))
        if means.bases is None:
            raise NotFound("backup_missing", id=backup.id)
        recovery = self._found(means.vault, means.bases, backup, run)
        with self._database.transaction() as session:
            self._backups.found(session, recovery, backup)

    def clean(self, run: JobRun) -> None:
        """The scratch folder empties itself."""

    def _found(self, vault: Vault, bases: Bases, backup: Backup, run: JobRun) -> Recovery:
        try:
            base = backup_lines.read_base(vault, str(backup.document["line"]), folder=backup.folder)
            if base is None:
                raise NotFound("backup_object_missing", name=backup.folder)
            restored = bases.check(base, told=lambda far: run.progress(far.done, far.total, unit=far.unit))
        except Unavailable as error:
            if error.code != "backup_damaged":
                raise
            return self._bad(error)
        except NotFound as error:
            return self._bad(error)
        return self._good(vault, base, restored)

    def _bad(self, error: PortalError) -> Recovery:
        return Recovery(0, RecoveryKind.CHECK, PORTAL, self._clock.now(), is_good=False, error=str(error)[:300])

    def _good(self, vault: Vault, base: BaseCopy, restored: Restored) -> Recovery:
        now = self._clock.now()
        seen = backup_lines.seen_after(vault, line=base.line, sequence=restored.sequence) or restored.at
        document = {
            "entries": restored.entries,
            "segments": restored.segments,
            "rows": sum(base.rows.values()),
            "schema": restored.schema,
            "bytes": base.stored.size_bytes,
            "as_of": restored.at.timestamp(),
        }
        return Recovery(
            id=0,
            kind=RecoveryKind.CHECK,
            target=PORTAL,
            at=now,
            is_good=restored.is_intact,
            rto_seconds=restored.seconds,
            rpo_seconds=max(0.0, (now - max(seen, restored.at)).total_seconds()),
            error=restored.fault,
            document=document,
        )
