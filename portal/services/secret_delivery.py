"""Puts the files of secrets into memory before the containers that read them start, and keeps them there.

The database says which version each slot's containers are given. A holder, a container that does nothing, keeps the
volumes in memory mounted; whenever its life is another one than the one that was filled, they are filled anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from portal.domain.container import FileMount, MemoryFiles
from portal.domain.deployment import Replica
from portal.domain.errors import NotFound
from portal.ports.containers import Containers
from portal.services.secret_box import SecretBox
from portal.services.secret_values import opened, volumes_in_memory
from portal.store import secret_pins
from portal.store.database import Database
from portal.store.secret_pins import Place, SecretSlot

FILE_MODE = 0o400


class SecretDelivery:
    """Safe to repeat, and from several threads."""

    def __init__(self, database: Database, containers: Containers, box: SecretBox) -> None:
        self._database, self._containers, self._box = database, containers, box
        self._filling = Lock()

    def prepare(self, replica: Replica) -> None:
        """What this container reads is in memory afterwards. Nothing happens where it is given no files."""
        self.fill(secret_pins.place_of(replica))

    def fill(self, place: Place, *, extra: Mapping[str, bytes] | None = None) -> None:
        """The files of a slot are as the database says, if they were not; `extra` are more of them, by path, for a
        while.
        """
        with self._filling:
            with self._database.reading() as session:
                slot = secret_pins.slot_of(session, place)
            if slot is None or not slot.files or (not extra and slot.life and self._life(slot) == slot.life):
                return
            life = self._containers.hold(self._files(slot, extra or {}))
            if not extra:
                with self._database.transaction() as session:
                    secret_pins.note_filled(session, slot.holder, life)

    def _life(self, slot: SecretSlot) -> str:
        try:
            return self._containers.held_since(slot.holder)
        except NotFound:
            return ""

    def _files(self, slot: SecretSlot, extra: Mapping[str, bytes]) -> MemoryFiles:
        with self._database.reading() as session:
            contents = {
                pin.target: opened(session, self._box, pin.secret_id, version=pin.version) for pin in slot.files
            }
        files = tuple(FileMount(path, value, FILE_MODE) for path, value in sorted({**contents, **extra}.items()))
        return MemoryFiles(
            slot.holder, volumes_in_memory(slot.holder, slot.files, is_read_only=False), files, slot.image
        )

    def keep(self) -> None:
        """Bring back what a restart of the engine or somebody's hand has emptied, and let go of what nobody reads."""
        with self._database.reading() as session:
            if not secret_pins.is_any(session):
                return
        with self._database.transaction() as session:
            left, every = secret_pins.retired(session), secret_pins.slots(session)
        for holder in left:
            self._containers.let_go(holder)
            with self._database.transaction() as session:
                secret_pins.forget(session, holder)
        for slot in every:
            self.fill(slot.place)
