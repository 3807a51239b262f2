"""Backups in a folder: another disk, or what another machine has mounted here."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from portal.domain.backup_names import check_name
from portal.domain.errors import Invalid, NotFound, Unavailable
from portal.ports.backup_store import LARGEST_OBJECT_BYTES

_ASIDE = ".aside-"


class DirectoryBackups:
    """Nobody but the portal's user may read it. Objects are written aside, synchronised and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def address(self) -> str:
        return str(self._root)

    def put(self, name: str, content: bytes) -> None:
        if len(content) > LARGEST_OBJECT_BYTES:
            raise Invalid("backup_object_large", name=name, limit=LARGEST_OBJECT_BYTES)
        path = self._path(name)
        aside = path.with_name(f"{_ASIDE}{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                _write(aside, content)
                aside.rename(path)
            except OSError:
                aside.unlink(missing_ok=True)
                raise
            _synchronise(path.parent)
        except OSError as error:
            raise self._unavailable(error) from error

    def get(self, name: str) -> bytes:
        path = self._path(name)
        try:
            with path.open("rb") as file:
                return file.read(LARGEST_OBJECT_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound("backup_object_missing", name=name) from None
        except OSError as error:
            raise self._unavailable(error) from error

    def names(self, prefix: str) -> Iterator[str]:
        folder, _, _ = prefix.rpartition("/")
        try:
            found = sorted(self._found(self._path(folder) if folder else self._root))
        except OSError as error:
            raise self._unavailable(error) from error
        return (name for name in found if name.startswith(prefix))

    def folders(self, prefix: str) -> list[str]:
        try:
            with os.scandir(self._path(prefix.rstrip("/")) if prefix else self._root) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._unavailable(error) from error

    def delete(self, name: str) -> None:
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
            self._drop_empty(path.parent)
        except OSError as error:
            raise self._unavailable(error) from error

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)

    def _found(self, folder: Path) -> Iterator[str]:
        for path, _, files in os.walk(folder):  # links are not followed
            beginning = Path(path).relative_to(self._root).as_posix()
            for file in files:
                if not file.startswith(_ASIDE):
                    yield file if beginning == "." else f"{beginning}/{file}"

    def _drop_empty(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or somebody else was first
            folder = folder.parent

    def _unavailable(self, error: OSError) -> Unavailable:
        return Unavailable("backup_store_unavailable", store=self.address, reason=error.strerror or error)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _synchronise(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
