"""Backups in memory, for tests and for a portal that only shows itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from portal.domain.backup_names import check_name
from portal.domain.errors import Invalid, NotFound, Unavailable
from portal.ports.backup_store import LARGEST_OBJECT_BYTES

MOST_BYTES = 512 * 1024 * 1024


class MemoryBackups:
    """`is_away` makes every call fail, as a store does that cannot be reached."""

    address = "memory"

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self.is_away = False

    def put(self, name: str, content: bytes) -> None:
        self._reach()
        if len(content) > LARGEST_OBJECT_BYTES:
            raise Invalid("backup_object_large", name=name, limit=LARGEST_OBJECT_BYTES)
        with self._lock:
            if sum(map(len, self._objects.values())) + len(content) > MOST_BYTES:
                raise Unavailable("backup_store_unavailable", store=self.address, reason="full")
            self._objects[check_name(name)] = content

    def get(self, name: str) -> bytes:
        self._reach()
        try:
            return self._objects[check_name(name)]
        except KeyError:
            raise NotFound("backup_object_missing", name=name) from None

    def names(self, prefix: str) -> Iterator[str]:
        self._reach()
        with self._lock:
            found = sorted(name for name in self._objects if name.startswith(prefix))
        return iter(found)

    def folders(self, prefix: str) -> list[str]:
        rests = (name.removeprefix(prefix) for name in self.names(prefix))
        return sorted({rest.partition("/")[0] for rest in rests if "/" in rest})

    def delete(self, name: str) -> None:
        self._reach()
        with self._lock:
            self._objects.pop(check_name(name), None)

    def _reach(self) -> None:
        if self.is_away:
            raise Unavailable("backup_store_unavailable", store=self.address, reason="away")
