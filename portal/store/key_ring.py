"""The file of the master key while it is changed: the newest key first, those before it below, retired ones aside."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from portal.domain.errors import Conflict
from portal.kit.sealing import KEY_BYTES
from portal.store import master_key

MOST_KEYS = 4


class KeyRing:
    """`path` holds a key a line, for the portal alone (mode 0600); it is replaced as a whole, never written to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def retired_path(self) -> Path:
        return self._path.with_name(f"{self._path.stem}-retired{self._path.suffix}")

    def keys(self) -> tuple[bytes, ...]:
        """The newest first; one is made the first time. As `master_key.read_or_make`."""
        return master_key.read_keys(self._path)

    def add(self) -> tuple[bytes, ...]:
        """A new key before the others. Conflict("too_many_keys") if a change was never finished."""
        known = self.keys()
        if len(known) >= MOST_KEYS:
            raise Conflict("too_many_keys", most=MOST_KEYS)
        keys = (secrets.token_bytes(KEY_BYTES), *known)
        _replace(self._path, keys)
        return keys

    def retire(self) -> int:
        """Only the newest is left; the others are put aside into a file of their own, which the portal never reads: old
        backups open with them. How many there were.
        """
        newest, *older = self.keys()
        if older:
            kept = master_key.read_keys(self.retired_path) if self.retired_path.exists() else ()
            _replace(self.retired_path, tuple(dict.fromkeys((*older, *kept))))
            _replace(self._path, (newest,))
        return len(older)


def _replace(path: Path, keys: tuple[bytes, ...]) -> None:
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{key.hex()}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
