"""The portal's own backup: what was committed is in the store at once, comes back whole, and nobody else reads it."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.adapters.memory.backups import MemoryBackups
from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.domain.backup import BackupRules
from portal.domain.errors import Conflict, Invalid, NotFound, Unavailable
from portal.kit.sealing import key_name
from portal.services import backup_lines
from portal.services.audit import Audit
from portal.services.backup_bases import Bases
from portal.services.backup_lines import BaseCopy
from portal.services.backup_shipping import Shipper
from portal.services.backup_vault import Vault
from portal.services.portal_restore import Place, PortalRestore
from portal.store.database import Database
from portal.store.migrate import migrate

KEY, MASTER = bytes(range(32)), bytes(32)
CANARY = "canary-7f3a-do-not-read-me"


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@dataclass
class Machine:
    """A portal's folder, its database, and the store its backups go to."""

    folder: Path
    store: MemoryBackups
    clock: Hand
    database: Database
    audit: Audit
    shipper: Shipper
    bases: Bases

    @property
    def vault(self) -> Vault:
        return Vault(self.store, KEY)

    def act(self, count: int = 1, reason: str = "") -> None:
        for _ in range(count):
            with self.database.transaction() as session:
                self.audit.record(session, AuditEntry("dave", "user", "test.act", "test", "x", reason=reason))

    def base(self) -> BaseCopy:
        """One more, of what there is now; the first one is ordered by itself."""
        self.shipper.step()
        if not self.shipper.has_order:
            self.shipper.order_base()
            self.shipper.step()
        order = self.shipper.take_order()
        assert order is not None
        return self.bases.make(order)[0]

    def turn(self) -> None:
        """As it does after four megabytes of log; not while a line that broke has not begun anew."""
        if self.shipper._source is not None:
            self.shipper._turn(self.shipper._source)

    def restore(self, folder: Path, *, until: datetime | None = None, is_forced: bool = False) -> int:
        """How many entries the trail has in the portal that comes back."""
        place = Place(folder / "portal.db", folder / "anchors.jsonl", folder / "secret.key", (MASTER,))
        made = PortalRestore(self.vault, self.clock, place).restore(SYSTEM, until=until, is_forced=is_forced)
        return made.restored.entries


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = machine_in(tmp_path / "machine", MemoryBackups(), Hand())
    yield made
    made.shipper.close()
    made.database.close()


def machine_in(folder: Path, store: MemoryBackups, clock: Hand) -> Machine:
    folder.mkdir(exist_ok=True)
    path, anchors = folder / "portal.db", folder / "anchors.jsonl"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    vault = Vault(store, KEY)
    bases = Bases(vault, clock, folder / "scratch", version="1", master_key=lambda: key_name(MASTER))
    audit = Audit(database, clock, anchor_file=anchors)
    shipper = Shipper(path, vault, clock, anchor_file=anchors)
    return Machine(folder, store, clock, database, audit, shipper, bases)


def entries_of(folder: Path) -> int:
    connection = sqlite3.connect(folder / "portal.db")
    try:
        return int(connection.execute("SELECT max(sequence) FROM audit").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.req("REQ-P3-012")
def test_what_was_committed_comes_back_on_an_empty_machine(machine: Machine, tmp_path: Path):
    machine.act(3)
    machine.base()
    machine.act(5)
    machine.audit.anchor()
    machine.act(2)
    machine.shipper.step()
    assert machine.restore(tmp_path / "new") == 10
    assert entries_of(tmp_path / "new") == 11  # that it was restored is in the trail too
    assert (tmp_path / "new" / "anchors.jsonl").read_text() == (machine.folder / "anchors.jsonl").read_text()


def test_the_log_may_begin_anew_any_number_of_times(machine: Machine, tmp_path: Path):
    machine.base()
    for _ in range(4):
        machine.act(40, reason="x" * 2000)
        connection = sqlite3.connect(machine.folder / "portal.db", timeout=0.01)
        connection.execute("PRAGMA wal_checkpoint(RESTART)")
        connection.close()
        machine.shipper.step()
        machine.turn()
    machine.act(1)
    machine.shipper.step()
    assert len(backup_lines.lines(machine.vault)) == 1
    assert machine.restore(tmp_path / "new") == 161


def test_a_new_process_goes_on_where_the_store_stands(machine: Machine, tmp_path: Path):
    machine.base()
    machine.act(3)
    machine.shipper.step()
    machine.act(3)  # committed, not sent: the process dies here
    again = Shipper(machine.folder / "portal.db", machine.vault, machine.clock)
    again.step()
    assert not again.has_order
    assert again.state.line == machine.shipper.state.line
    again.close()
    assert machine.restore(tmp_path / "new") == 6


def test_a_line_that_cannot_be_read_any_more_is_not_gone_on_with(machine: Machine):
    base = machine.base()
    machine.act()
    machine.shipper.step()
    (segment,) = machine.store.names(f"portal/{base.line}/wal/")
    machine.store.put(segment, b"damaged")
    for key in (KEY, bytes(31) + b"n"):
        again = Shipper(machine.folder / "portal.db", Vault(machine.store, key), machine.clock)
        again.step()
        assert again.has_order
        again.close()


def test_a_log_that_somebody_else_has_begun_anew_begins_a_line(machine: Machine, tmp_path: Path):
    machine.base()
    machine.act(3)
    machine.shipper.step()
    machine.shipper.close()
    machine.act(3)
    machine.database.close()  # the last one to leave takes the log away
    machine.database = Database(machine.database.url)
    machine.audit = Audit(machine.database, machine.clock)
    machine.act(2)
    machine.base()
    assert len(backup_lines.lines(machine.vault)) == 2
    assert machine.restore(tmp_path / "new") == 8


def test_a_base_does_not_interrupt_the_line_and_is_enough_alone(machine: Machine, tmp_path: Path):
    machine.act(2)
    machine.base()
    machine.act(2)
    base = machine.base()
    machine.act(2)
    machine.shipper.step()
    checked = machine.bases.check(base)
    assert (checked.is_intact, checked.entries) == (True, 6)
    assert machine.restore(tmp_path / "new") == 6


def test_a_moment_between_two_changes_can_be_reached(machine: Machine, tmp_path: Path):
    machine.base()
    moments: list[datetime] = []
    for _ in range(4):
        machine.clock.time += timedelta(minutes=1)
        machine.act()
        machine.shipper.step()
        moments.append(machine.clock.time + timedelta(seconds=30))
    assert [machine.restore(tmp_path / f"at{n}", until=moment) for n, moment in enumerate(moments)] == [1, 2, 3, 4]
    with pytest.raises(NotFound, match="backup_none"):
        machine.restore(tmp_path / "before", until=datetime(2029, 1, 1, tzinfo=UTC))


def test_nothing_can_be_read_in_the_store_without_the_key(machine: Machine, tmp_path: Path):
    machine.act(50, reason=CANARY)
    machine.base()
    machine.act(50, reason=CANARY)
    machine.shipper.step()
    stored = {name: machine.store.get(name) for name in machine.store.names("")}
    assert len(stored) > 3
    for content in stored.values():
        assert CANARY.encode() not in content
        assert b"SQLite format" not in content
    place = Place(tmp_path / "portal.db", tmp_path / "anchors", tmp_path / "key", (MASTER,))
    with pytest.raises(Invalid, match="backup_key_other"):
        PortalRestore(Vault(machine.store, bytes(31) + b"x"), machine.clock, place).restore(SYSTEM)


def test_the_master_key_is_not_in_the_backup_and_is_asked_for(machine: Machine, tmp_path: Path):
    machine.act()
    machine.base()
    whole = PortalRestore(machine.vault, machine.clock, Place(tmp_path / "p.db", tmp_path / "a", tmp_path / "key"))
    with pytest.raises(Conflict, match="restore_key_missing"):
        whole.restore(SYSTEM)
    other = Place(tmp_path / "p.db", tmp_path / "a", tmp_path / "key", (b"x" * 32,))
    with pytest.raises(Conflict, match="restore_key_other"):
        PortalRestore(machine.vault, machine.clock, other).restore(SYSTEM)
    assert not (tmp_path / "p.db").exists()


def test_the_key_that_is_asked_for_is_that_of_the_moment(machine: Machine, tmp_path: Path):
    machine.base()
    machine.shipper._master_key = lambda: key_name(b"n" * 32)  # the master key was changed
    machine.act()
    machine.shipper.step()
    with pytest.raises(Conflict, match="restore_key_other"):
        machine.restore(tmp_path / "new")
    place = Place(tmp_path / "p.db", tmp_path / "a", tmp_path / "key", (b"n" * 32, MASTER))
    assert PortalRestore(machine.vault, machine.clock, place).restore(SYSTEM).restored.entries == 1


def test_what_was_changed_cut_or_moved_in_the_store_is_found(machine: Machine, tmp_path: Path):
    machine.act(3)
    base = machine.base()
    machine.act(3)
    machine.shipper.step()
    segment = next(machine.store.names(f"portal/{base.line}/wal/"))
    for name in (f"{base.folder}000000", segment):
        good = machine.store.get(name)
        flipped = good[:40] + bytes([good[40] ^ 1]) + good[41:]
        for bad in (good[:-1], flipped, machine.store.get(f"{base.folder}base.json")):
            machine.store.put(name, bad)
            with pytest.raises(Unavailable, match="backup_damaged"):
                machine.restore(tmp_path / "new")
        machine.store.put(name, good)
    assert machine.restore(tmp_path / "new") == 6


def test_a_portal_that_is_there_is_not_replaced_unless_asked_and_is_kept(machine: Machine, tmp_path: Path):
    machine.act(2)
    machine.base()
    with pytest.raises(Conflict, match="restore_over"):
        machine.restore(machine.folder)
    with pytest.raises(Conflict, match="restore_in_use"):
        machine.restore(machine.folder, is_forced=True)
    new = tmp_path / "new"
    machine.restore(new)
    assert machine.restore(new, is_forced=True) == 2
    assert len(list(new.glob("portal.db.before-*"))) == 1


def test_a_store_that_is_away_holds_nobody_up_and_loses_nothing(machine: Machine, tmp_path: Path):
    machine.base()
    machine.store.is_away = True
    machine.act(3)
    with pytest.raises(Unavailable):
        machine.shipper.step()
    assert machine.shipper.state.failure == "backup_store_unavailable"
    machine.act(3)
    machine.store.is_away = False
    machine.shipper.step()
    assert machine.shipper.state.failure == ""
    assert machine.restore(tmp_path / "new") == 6


def test_writers_that_never_stop_are_followed(machine: Machine, tmp_path: Path):
    machine.base()
    halt = threading.Event()

    def write() -> None:
        while not halt.is_set():
            machine.act(1, "y" * 500)

    writers = [threading.Thread(target=write) for _ in "ab"]
    for writer in writers:
        writer.start()
    try:
        for _ in range(30):
            machine.shipper.step()
            if random.random() < 0.3:
                machine.turn()
    finally:
        halt.set()
        for writer in writers:
            writer.join()
    machine.shipper.step()
    assert machine.restore(tmp_path / "new") == entries_of(machine.folder)


def test_old_bases_go_when_no_moment_needs_them_and_small_segments_are_joined(machine: Machine, tmp_path: Path):
    rules = BackupRules(kept=timedelta(days=2))
    for _ in range(6):
        machine.act()
        machine.base()
        machine.clock.time += timedelta(days=1)
        machine.act()
        machine.shipper.step()
    gone = machine.bases.drop_old(rules)
    assert len(gone) == 4
    assert len(backup_lines.base_folders(machine.vault, machine.shipper.state.line)) == 2
    assert machine.restore(tmp_path / "new") == 12
    machine.act(1)
    for _ in range(520):
        machine.act()
        machine.shipper.step()
    before = len(list(machine.store.names("portal/")))
    assert machine.bases.merge() == 256
    assert len(list(machine.store.names("portal/"))) == before - 255
    assert machine.restore(tmp_path / "newer") == 533
