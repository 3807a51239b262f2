"""The job that changes the master key while everything goes on: everything is sealed anew, the old one put away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from portal.domain.access import SYSTEM, Permission
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict
from portal.services.audit import Audit
from portal.services.job_run import JobRun
from portal.services.secret_box import SecretBox
from portal.store import sealed
from portal.store.database import Database

KIND, TARGET = "master_key", "master key"
BATCH, PAUSE_SECONDS, SETTLE_SECONDS, MOST_ROUNDS = 100, 0.05, 5.0, 100_000


class Ring(Protocol):
    """Where the keys are; None stands for keys that come from the settings."""

    def keys(self) -> tuple[bytes, ...]: ...

    def add(self) -> tuple[bytes, ...]: ...

    def retire(self) -> int: ...


class MasterKeyRotation:
    """Each step may be repeated. `ring` None: whoever runs the portal has set the new key and the old one beside it."""

    permission = Permission.SECRET_EDIT

    def __init__(self, database: Database, audit: Audit, *, box: SecretBox, ring: Ring | None, name: Callable[[], str]):
        self._database, self._audit, self._box, self._ring, self._name = database, audit, box, ring, name

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        del document
        return ("add_key", "reseal", "retire_key")

    def perform(self, step: str, run: JobRun) -> None:
        {"add_key": self._add, "reseal": self._reseal, "retire_key": self._retire}[step](run)

    def clean(self, run: JobRun) -> None:
        """A change that was ended halfway leaves both keys in place: everything opens, and the next one finishes it."""

    def _add(self, run: JobRun) -> None:
        if self._ring is not None and len(self._ring.keys()) == 1:
            self._ring.add()
        run.remember(key=self._name())

    def _reseal(self, run: JobRun) -> None:
        """In small transactions, each text only if it is still the one that was read."""
        done = int(run.memory.get("sealed") or 0)
        for _ in range(MOST_ROUNDS):
            moved, left = self._batch()
            done += moved
            run.remember(sealed=done)
            run.progress(done, done + left, unit="secrets")
            if not left:
                return
            run.wait(PAUSE_SECONDS)
        raise Conflict("master_key_busy", left=self._left())

    def _batch(self) -> tuple[int, int]:
        begin = f"s1.{self._name()}."
        with self._database.transaction() as session:
            found = sealed.some(session, but=begin, limit=BATCH)
            moved = 0
            for one in found:
                moved += sealed.replace(session, one, self._box.rewrapped(one.text, about=one.about))
            return moved, sealed.count(session, but=begin)

    def _left(self) -> int:
        with self._database.reading() as session:
            return sealed.count(session, but=f"s1.{self._name()}.")

    def _retire(self, run: JobRun) -> None:
        """Once nothing is sealed by an older key, seen twice with a pause in which every process has read the new one.

        Conflict("master_key_busy") if something came in between: the job can be repeated.
        """
        if self._left():
            self._reseal(run)
        run.wait(SETTLE_SECONDS)
        if left := self._left():
            raise Conflict("master_key_busy", left=left)
        retired = self._ring.retire() if self._ring is not None else 0
        params = {"key": self._name(), "sealed": str(run.memory.get("sealed") or 0), "retired": str(retired)}
        entry = AuditEntry(SYSTEM.name, SYSTEM.kind, "master_key.rotated", "master_key", TARGET, params=params)
        with self._database.transaction() as session:
            self._audit.record(session, entry)
