"""SQLite's files by themselves: what is in one, whether it is whole, and whether somebody uses it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.domain.errors import Unavailable

MOST_FAULTS = 5
_NOT_OURS = ("sqlite_", "search_words")  # the words are an index, and have tables of their own kind


def page_bytes(path: Path) -> int:
    return _asked(path, "PRAGMA page_size")[0][0]


def schema(path: Path) -> str:
    """The newest migration; empty if there was none."""
    rows = _asked(path, "SELECT version_num FROM alembic_version")
    return str(rows[0][0]) if rows else ""


def rows(path: Path) -> Mapping[str, int]:
    """How many each table has."""
    names = [str(name) for (name,) in _asked(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    kept = [name for name in names if not name.startswith(_NOT_OURS)]
    return {name: int(_asked(path, f'SELECT count(*) FROM "{name}"')[0][0]) for name in kept}  # noqa: S608 - our own


def faults(path: Path) -> tuple[str, ...]:
    """What `integrity_check` and `foreign_key_check` find; nothing for a file that is whole."""
    found = [str(row[0]) for row in _asked(path, f"PRAGMA integrity_check({MOST_FAULTS})") if row[0] != "ok"]
    broken = [f"foreign key of {row[0]}" for row in _asked(path, "PRAGMA foreign_key_check")]
    return tuple((found + broken)[:MOST_FAULTS])


def remove(path: Path) -> None:
    """The file and those that SQLite keeps beside it."""
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def is_in_use(path: Path) -> bool:
    """Whether another process has it open: nobody else may, if it can be locked whole."""
    if not path.exists():
        return False
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False  # not a database any more: nobody can be using it
    finally:
        connection.close()
    return False


def _asked(path: Path, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(statement).fetchall()
    except sqlite3.DatabaseError as error:
        raise Unavailable("backup_damaged", name=path.name, reason=str(error)[:200]) from error
    finally:
        connection.close()
