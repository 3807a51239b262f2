"""SQLite's log of this portal's database, read while others write: nothing is missed, and nobody waits longer than the
moment in which the log is handed over.

How: a reading transaction is always open here, and SQLite begins the log anew only when nobody reads from it. It is
exchanged for a younger one under the write lock, for as long as it takes to read the few frames written since.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from portal.domain.errors import Unavailable
from portal.store.wal import BrokenLine, Header, Mark, committed, continued, log_of, mark_at

BUSY_SECONDS = 5
PIECE_BYTES = 4 * 1024 * 1024
LARGEST_TAIL_BYTES = 16 * 1024 * 1024
STEP_PAGES = 512


@dataclass(frozen=True, slots=True)
class Cut:
    """Frames between two marks. `end` is where the next ones begin."""

    frames: bytes
    page_bytes: int
    start: Mark
    end: Mark


class WalSource:
    """Of one thread, apart from the connections that `turn` hands out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holder = self._connect()
        self._writer = self._connect()
        self.longest_lock_seconds = 0.0
        """How long others had to wait at most."""

    def close(self) -> None:
        """The log is whoever's turn it is from here on: there is no reading on after this."""
        for connection in (self._holder, self._writer):
            connection.close()

    def read(self, mark: Mark) -> Cut | None:
        """The next frames of whole transactions, at most four megabytes of them; None if there are none yet.

        A transaction may be cut in pieces; all of it is in the log when the first is read. BrokenLine(…).
        """
        with self._log() as log:
            found = continued(log, mark) if log else None
            if log is None or found is None:
                return None
            header, start = found
            end = committed(log, header, mark=start, enough_bytes=PIECE_BYTES)
            return _cut(log, header, start, end) if end.offset > start.offset else None

    def turn(self, mark: Mark | None, *, checkpoints: bool = False, is_first: bool = False) -> tuple[Cut | None, Mark]:
        """Let the log begin anew: what is not read yet, and where to read on. With `checkpoints` its pages go into the
        database before. `is_first`: nothing was held until now. BrokenLine(…), also for too much to take in one go.
        """
        if checkpoints:
            self._checkpoint()
        with self._locked():
            cut, end = self._rest(mark, has_restarted=not is_first)
            if self._holder.in_transaction:
                self._holder.execute("ROLLBACK")
            if checkpoints:
                self._checkpoint()
            _hold(self._holder)
        return cut, end

    def snapshot(self, mark: Mark | None) -> tuple[sqlite3.Connection, Cut | None, Mark]:
        """A connection that sees the database as it is at the mark which comes with it; the caller closes it."""
        connection = self._connect()
        try:
            with self._locked():
                cut, end = self._rest(mark, has_restarted=True)
                _hold(connection)
                if not self._holder.in_transaction:
                    _hold(self._holder)
        except BaseException:
            connection.close()
            raise
        return connection, cut, end

    def _rest(self, mark: Mark | None, *, has_restarted: bool) -> tuple[Cut | None, Mark]:
        with self._log() as log:
            known = mark or Mark()
            found = continued(log, known, has_restarted=has_restarted) if log else None
            if log is None or found is None:
                if known.salt != (0, 0):
                    raise BrokenLine
                return None, known
            header, start = found
            end = committed(log, header, mark=start, enough_bytes=1 << 62)
            if mark is None or end.offset == start.offset:
                return None, end
            if end.offset - start.offset > LARGEST_TAIL_BYTES:
                raise BrokenLine
            return Cut(_read(log, start.offset, end.offset), header.page_bytes, start, end), end

    def _checkpoint(self) -> None:
        """On a connection that holds nothing itself; as far as the eldest reader lets it."""
        connection = self._connect()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()

    @contextmanager
    def _locked(self) -> Generator[None]:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise Unavailable("database_unavailable", reason=str(error)[:200]) from error
        begun = time.monotonic()
        try:
            yield
        finally:
            self._writer.execute("ROLLBACK")
            self.longest_lock_seconds = max(self.longest_lock_seconds, time.monotonic() - begun)

    @contextmanager
    def _log(self) -> Generator[BinaryIO | None]:
        """Opening and closing this file takes no locks away, as that of the database would."""
        try:
            file = log_of(self._path).open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            yield file

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=8
        )
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("PRAGMA cache_size=-256")
        return connection


def copy(connection: sqlite3.Connection, target: Path) -> None:
    """What the connection sees, into a file of its own, a step at a time."""
    made = sqlite3.connect(target, isolation_level=None)
    try:
        connection.backup(made, pages=STEP_PAGES, sleep=0)
    finally:
        made.close()


def shorten(database: Path) -> None:
    """Put the whole log into the database and cut its file, if nobody reads from it within a second."""
    connection = sqlite3.connect(database, timeout=1, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def _hold(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()


def _cut(log: BinaryIO, header: Header, start: Mark, end: Mark) -> Cut:
    frames = max(1, PIECE_BYTES // header.frame_bytes)
    last = min(end.offset, start.offset + frames * header.frame_bytes)
    upto = end if last == end.offset else mark_at(log, header, offset=last)
    return Cut(_read(log, start.offset, last), header.page_bytes, start, upto)


def _read(log: BinaryIO, first: int, last: int) -> bytes:
    log.seek(first)
    return log.read(last - first)
