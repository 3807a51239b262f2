"""Backups as they are kept: every object sealed under its own name, long ones in numbered pieces with one checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.errors import Invalid, Unavailable
from portal.kit import blobs
from portal.kit.sealing import Unsealable, key_name
from portal.ports.backup_store import BackupStore

PIECE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """A long content: how many pieces, how many bytes before they were sealed, and their SHA-256 in hex."""

    pieces: int
    size_bytes: int
    sha256: str

    def document(self) -> dict[str, Any]:
        return {"pieces": self.pieces, "bytes": self.size_bytes, "sha256": self.sha256}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Stored:
        return cls(int(document["pieces"]), int(document["bytes"]), str(document["sha256"]))


class Vault:
    """`key` has 32 bytes. What cannot be opened raises Invalid("backup_key_other") or Unavailable("backup_damaged")."""

    def __init__(self, store: BackupStore, key: bytes) -> None:
        self.store, self._key = store, key

    @property
    def key_name(self) -> str:
        return key_name(self._key)

    def put(self, name: str, content: bytes) -> int:
        """How many bytes that became."""
        sealed = blobs.seal(self._key, content, about=name)
        self.store.put(name, sealed)
        return len(sealed)

    def get(self, name: str) -> bytes:
        """NotFound("backup_object_missing")."""
        try:
            return blobs.unseal(self._key, self.store.get(name), about=name)
        except blobs.OtherKey as other:
            raise Invalid("backup_key_other", name=name, key=other, given=self.key_name) from None
        except Unsealable:
            raise Unavailable("backup_damaged", name=name) from None

    def put_document(self, name: str, document: Mapping[str, Any]) -> None:
        self.put(name, json.dumps(document, sort_keys=True).encode())

    def document(self, name: str) -> dict[str, Any]:
        content = self.get(name)
        try:
            return dict(json.loads(content))
        except ValueError:
            raise Unavailable("backup_damaged", name=name) from None

    def keep(self, prefix: str, parts: Iterable[bytes], *, told: Callable[[int], None] = lambda size: None) -> Stored:
        """Whatever length the parts have; one piece of four megabytes is in memory at a time. `told` bytes kept."""
        digest, size, number = hashlib.sha256(), 0, 0
        for piece in _pieces(parts):
            self.put(piece_name(prefix, number), piece)
            digest.update(piece)
            size, number = size + len(piece), number + 1
            told(size)
        return Stored(number, size, digest.hexdigest())

    def content(self, prefix: str, stored: Stored) -> Iterator[bytes]:
        """The pieces in order. Unavailable("backup_damaged") at the end if they are not what was kept."""
        digest, size = hashlib.sha256(), 0
        for number in range(stored.pieces):
            piece = self.get(piece_name(prefix, number))
            digest.update(piece)
            size += len(piece)
            yield piece
        if (size, digest.hexdigest()) != (stored.size_bytes, stored.sha256):
            raise Unavailable("backup_damaged", name=prefix)

    def drop(self, prefix: str) -> int:
        """Everything below; how many objects that was."""
        names = list(self.store.names(prefix))
        for name in names:
            self.store.delete(name)
        return len(names)


def piece_name(prefix: str, number: int) -> str:
    return f"{prefix}{number:06d}"


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for part in parts:
        waiting += part
        while len(waiting) >= PIECE_BYTES:
            yield bytes(waiting[:PIECE_BYTES])
            del waiting[:PIECE_BYTES]
    if waiting:
        yield bytes(waiting)
