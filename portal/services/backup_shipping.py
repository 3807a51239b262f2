"""Ships the portal's log into the store, a few times a second, for as long as the process lives.

Where the store stands is read from the store, so that a process that was killed goes on where the last whole segment
ends. If the store is away the log waits on the disk, up to a limit; then a new line is begun.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from portal.domain.errors import PortalError
from portal.kit import failpoints
from portal.ports.clock import Clock
from portal.services import backup_lines
from portal.services.backup_lines import Record
from portal.services.backup_vault import Vault
from portal.store.wal import BrokenLine, Mark
from portal.store.wal_source import Cut, WalSource, shorten

TURN_BYTES = 4 * 1024 * 1024
SEEN_EVERY = timedelta(seconds=10)
UNREADABLE = frozenset({"backup_damaged", "backup_key_other"})
MOST_WAITING_BYTES = 256 * 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shipped:
    """How far it is. `at`: what was committed until then is in the store; `failure` is why it is not getting on."""

    line: str = ""
    sequence: int = 0
    at: datetime | None = None
    sent_bytes: int = 0
    sent: int = 0
    failure: str = ""
    longest_lock_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class BaseOrder:
    """A base that is to be copied from the connection, which sees the database as it was after that segment."""

    line: str
    sequence: int
    at: datetime
    mark: Mark
    connection: sqlite3.Connection
    anchors: str


class Shipper:
    """`step` belongs to one thread; `order_base` and `take_order` may be called from another. `master_key` names the
    key that seals the secrets in the database now.
    """

    def __init__(
        self,
        database: Path,
        vault: Vault,
        clock: Clock,
        *,
        anchor_file: Path | None = None,
        master_key: Callable[[], str] = str,
    ) -> None:
        self._master_key = master_key
        self._database, self._vault, self._clock, self._anchor_file = database, vault, clock, anchor_file
        self._source: WalSource | None = None
        self._mark = Mark()
        self._pending: Record | None = None
        self._anchored_bytes = 0
        self._order: BaseOrder | None = None
        self._wants_base = False
        self._seen_at: datetime | None = None
        self.state = Shipped()

    def order_base(self) -> None:
        """At the next step; `take_order` has it then."""
        self._wants_base = True

    def take_order(self) -> BaseOrder | None:
        """Each one once; whoever takes it closes its connection."""
        order, self._order = self._order, None
        return order

    @property
    def has_order(self) -> bool:
        return self._order is not None

    def step(self) -> None:
        """Send what was committed since the last one. Unavailable("backup_store_unavailable", …) and the like."""
        try:
            source = self._source or self._begin()
            self._send(source)
            if self._wants_base and self._order is None:
                self._make_order(source)
            if self._mark.offset > TURN_BYTES and self._pending is None:
                self._turn(source)
            self._tell_seen()
        except BrokenLine:
            _log.warning("the log could not be read on: a new line begins", extra={"line": self.state.line})
            self.close()
        except PortalError as error:
            self._note(failure=error.code)
            self._give_up_if_too_much()
            raise

    def close(self) -> None:
        """Let go of the log. Another `step` would begin again."""
        if self._source is not None:
            self._source.close()
        if (order := self.take_order()) is not None:
            order.connection.close()
        self._source, self._pending, self._mark = None, None, Mark()

    def _tell_seen(self) -> None:
        """All that was committed before this step is in the store."""
        now = self._clock.now()
        self._note(at=now, failure="")
        if self._seen_at is None or now - self._seen_at >= SEEN_EVERY:
            backup_lines.write_seen(self._vault, now, line=self.state.line, sequence=self.state.sequence)
            self._seen_at = now

    def _begin(self) -> WalSource:
        """Go on where the store stands, if the log is still the same; otherwise begin a line."""
        self._source = source = WalSource(self._database)
        try:
            line, sequence, mark = self._readable()
            cut, self._mark = source.turn(mark, is_first=True)
            self._note(line=line, sequence=sequence)
            self._anchored_bytes = self._anchor_bytes()
            self._wait(cut)
        except BrokenLine:
            self._begin_line(source)
        except BaseException:
            self.close()
            raise
        return source

    def _readable(self) -> tuple[str, int, Mark]:
        """BrokenLine for what was damaged in the store, or sealed by a key before this one: nothing can follow it."""
        try:
            return self._last_kept()
        except PortalError as error:
            if error.code in UNREADABLE:
                raise BrokenLine from error
            raise

    def _last_kept(self) -> tuple[str, int, Mark]:
        """BrokenLine if there is none with a base."""
        newest = backup_lines.lines(self._vault)[-1:]
        base = backup_lines.newest_base(self._vault, newest[0]) if newest else None
        if base is None:
            raise BrokenLine
        later = backup_lines.segments(self._vault, base.line, after=base.sequence)
        if not later:
            return base.line, base.sequence, base.mark
        *_, last = backup_lines.records(self._vault, later[-1])
        return base.line, last.sequence, last.cut.end

    def _begin_line(self, source: WalSource) -> None:
        now = self._clock.now()
        line = backup_lines.begin_line(self._vault, now)
        connection, _, self._mark = source.snapshot(None)
        self._anchored_bytes = self._anchor_bytes()
        self._order = BaseOrder(line, 0, now, self._mark, connection, self._anchor_text(0, self._anchored_bytes))
        self._note(line=line, sequence=0, at=None)
        self._wants_base = False

    def _make_order(self, source: WalSource) -> None:
        self._wants_base = False
        connection, cut, self._mark = source.snapshot(self._mark)
        self._wait(cut)
        self._anchored_bytes = self._anchor_bytes()
        anchors = self._anchor_text(0, self._anchored_bytes)
        sequence = self.state.sequence + (1 if self._pending else 0)
        self._order = BaseOrder(self.state.line, sequence, self._clock.now(), self._mark, connection, anchors)
        self._put()

    def _turn(self, source: WalSource) -> None:
        cut, self._mark = source.turn(self._mark, checkpoints=True)
        self._wait(cut)
        self._note(longest_lock_seconds=source.longest_lock_seconds)
        self._put()

    def _send(self, source: WalSource) -> None:
        self._put()
        while (cut := source.read(self._mark)) is not None:
            self._wait(cut)
            self._mark = cut.end
            self._put()

    def _wait(self, cut: Cut | None) -> None:
        """It was taken out of the log, and is kept here until the store has it."""
        if cut is not None:
            self._pending = Record(
                self.state.sequence + 1, self._clock.now(), cut, self._new_anchors(), self._master_key()
            )

    def _put(self) -> None:
        record = self._pending
        if record is None:
            return
        failpoints.hit("backup.segment.before")
        size = backup_lines.write_record(self._vault, record, line=self.state.line)
        failpoints.hit("backup.segment.after")
        self._pending = None
        sent = self.state
        self._note(sequence=record.sequence, sent=sent.sent + 1, sent_bytes=sent.sent_bytes + size, at=record.at)

    def _give_up_if_too_much(self) -> None:
        """A store that stays away must not fill the disk: the log may begin anew, and so must the line."""
        if self._mark.salt != (0, 0) and self._log_bytes() > MOST_WAITING_BYTES:
            _log.warning("too much waits for the store", extra={"limit_bytes": MOST_WAITING_BYTES})
            self.close()
            shorten(self._database)

    def _log_bytes(self) -> int:
        try:
            return self._database.with_name(self._database.name + "-wal").stat().st_size
        except OSError:
            return 0

    def _anchor_bytes(self) -> int:
        try:
            return self._anchor_file.stat().st_size if self._anchor_file else 0
        except OSError:
            return 0

    def _new_anchors(self) -> str:
        begin, self._anchored_bytes = self._anchored_bytes, self._anchor_bytes()
        return self._anchor_text(begin, self._anchored_bytes)

    def _anchor_text(self, begin: int, end: int) -> str:
        if self._anchor_file is None or end <= begin:
            return ""
        with self._anchor_file.open("rb") as file:
            file.seek(begin)
            return file.read(end - begin).decode("utf-8", "replace")

    def _note(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)
