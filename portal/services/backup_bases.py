"""Makes bases of the portal's own backup, restores each into a scratch folder, and drops what is old."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path

from portal.domain.backup import BackupRules
from portal.ports.clock import Clock
from portal.services import backup_lines
from portal.services.backup_lines import BaseCopy, Segment
from portal.services.backup_restore import Restored, Restorer, Told, silent
from portal.services.backup_shipping import BaseOrder
from portal.services.backup_vault import PIECE_BYTES, Stored, Vault
from portal.store import sqlite_files
from portal.store.wal_source import copy

MERGED_AT, MERGED = 512, 256


class Bases:
    """`scratch` is a folder of this alone, on a disk with room for two copies of the database."""

    def __init__(
        self, vault: Vault, clock: Clock, scratch: Path, *, version: str, master_key: Callable[[], str]
    ) -> None:
        self._vault, self._clock, self._scratch = vault, clock, scratch
        self._version, self._master_key = version, master_key

    def make(self, order: BaseOrder) -> tuple[BaseCopy, float]:
        """Copy what the order's connection sees into the store, and close it; the base, and how long it took."""
        begun, path = time.monotonic(), self._scratch / "base.db"
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        sqlite_files.remove(path)
        try:
            with closing(order.connection):
                copy(order.connection, path)
            folder = backup_lines.base_folder(order.line, order.sequence, at=order.at)
            base = self._described(order, self._vault.keep(folder, _content(path)), path)
            backup_lines.write_base(self._vault, base)
        finally:
            sqlite_files.remove(path)
        return base, time.monotonic() - begun

    def _described(self, order: BaseOrder, stored: Stored, path: Path) -> BaseCopy:
        return BaseCopy(
            line=order.line,
            sequence=order.sequence,
            at=order.at,
            page_bytes=sqlite_files.page_bytes(path),
            mark=order.mark,
            stored=stored,
            schema=sqlite_files.schema(path),
            rows=sqlite_files.rows(path),
            anchors=order.anchors,
            master_key=self._master_key(),
            version=self._version,
        )

    def check(self, base: BaseCopy, *, told: Told = silent) -> Restored:
        """Restore it and everything since, in the scratch folder, and look whether it is whole."""
        path, anchors = self._scratch / "check.db", self._scratch / "check-anchors.jsonl"
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        restorer = Restorer(self._vault, self._clock)
        try:
            restored = restorer.restore(path, anchors, base=base, told=told)
            return restorer.check(restored, path, anchors=anchors, told=told)
        finally:
            sqlite_files.remove(path)
            anchors.unlink(missing_ok=True)

    def drop_old(self, rules: BackupRules) -> list[str]:
        """Folders of the bases that are gone: those not needed to reach any moment that is to be kept.

        The newest base that was finished stays, whatever its age.
        """
        limit, gone = self._clock.now() - rules.kept, list[str]()
        newest = next(backup_lines.bases(self._vault), None)
        for line in backup_lines.lines(self._vault):
            if newest is None or line > newest.line:
                break  # its first base is being made
            if line != newest.line and self._last_at(line) < limit:
                gone += [folder for folder, _, _ in backup_lines.base_folders(self._vault, line)]
                self._vault.drop(f"{backup_lines.ROOT}{line}/")
            else:
                gone += self._shorten(line, limit)
        return gone

    def _shorten(self, line: str, limit: datetime) -> list[str]:
        """Everything before the newest base that is older than the limit."""
        older = list(islice(backup_lines.bases_of(self._vault, line, until=limit), 1))
        if not older:
            return []
        dropped = [one for one in backup_lines.base_folders(self._vault, line) if one[2] < older[0].at]
        for folder, _, _ in dropped:
            self._vault.drop(folder)
        for segment in backup_lines.all_segments(self._vault, line):
            if segment.last <= older[0].sequence:
                self._vault.store.delete(segment.name)
        return [folder for folder, _, _ in dropped]

    def _last_at(self, line: str) -> datetime:
        moments = [segment.at for segment in backup_lines.all_segments(self._vault, line)]
        return max(moments + [at for _, _, at in backup_lines.base_folders(self._vault, line)])

    def merge(self) -> int:
        """Join small objects of the newest line, so that there never are many; how many became fewer."""
        newest = backup_lines.lines(self._vault)[-1:]
        if not newest:
            return 0
        single = backup_lines.segments(self._vault, newest[0], after=self._first(newest[0]))
        small = [segment for segment in single if segment.first == segment.last]
        if len(small) < MERGED_AT:
            return 0
        return backup_lines.merge(self._vault, _together(small[:MERGED]), line=newest[0])

    def _first(self, line: str) -> int:
        """What comes before the first segment that is there."""
        found = backup_lines.all_segments(self._vault, line)
        return min((segment.first for segment in found), default=1) - 1


def _together(segments: list[Segment]) -> list[Segment]:
    """The beginning of them that follows one after the other."""
    group = segments[:1]
    for segment in segments[1:]:
        if segment.first != group[-1].last + 1:
            break
        group.append(segment)
    return group


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
