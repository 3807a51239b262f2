"""Where backups are kept: named objects of a few megabytes, in a folder, behind an S3 interface, or in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

LARGEST_OBJECT_BYTES = 64 * 1024 * 1024


class BackupStore(Protocol):
    """Names are parts of lower-case letters, digits, `-`, `_` and `.` with slashes between.

    Every call ends within a minute. What goes wrong outside is Unavailable("backup_store_unavailable"), a name or an
    object that is not allowed Invalid("backup_name_bad" | "backup_object_large").
    """

    @property
    def address(self) -> str:
        """Where it is, for people; without secrets."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """All or nothing, and durable when it returns; replaces what had the name."""
        ...

    def get(self, name: str) -> bytes:
        """NotFound("backup_object_missing")."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """All names that begin so, in the order of their letters."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """The names of the parts that come right after the prefix, which ends with a slash, and before a slash."""
        ...

    def delete(self, name: str) -> None:
        """Nothing happens if it is not there."""
        ...
