"""What the doctor sees of the portal's own things: its database, its folders, its key."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import text

from portal.domain.doctor import Finding, failed, passed, skipped, warned
from portal.store import master_key
from portal.store.database import Database
from portal.store.migrate import head, is_known, migrate, version

LARGEST_CHECKED_BYTES = 200_000_000  # reading it takes about a second


def folder(path: Path) -> Finding:
    """There, and files can be written into it."""
    if not path.exists():
        return warned("folder_none", remedy="folder_none", repair="make_folder", path=path.absolute())
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        return failed("folder_closed", remedy="folder_closed", path=path.absolute())
    return passed("folder_fine", path=path.absolute())


def make_folder(finding: Finding) -> None:
    """The folder that was missing, for its owner alone. OSError."""
    Path(finding.params["path"]).mkdir(mode=0o700, parents=True)


def close_file(finding: Finding) -> None:
    """Only the owner may read the secret from here on. OSError."""
    path = Path(finding.params["path"])
    path.chmod(path.stat().st_mode & 0o700)


def database(url: str) -> Finding:
    """It answers, is whole, and has the tables of this version. PortalError if it does not answer."""
    is_sqlite = url.startswith("sqlite")
    path = Path(url.removeprefix("sqlite:///")).expanduser()
    if is_sqlite and not path.exists():
        return skipped("database_none", path=path.absolute())
    store = Database(url, pool_size=1)
    try:
        return _condition(store, is_checked=is_sqlite and path.stat().st_size <= LARGEST_CHECKED_BYTES)
    finally:
        store.close()


def _condition(store: Database, *, is_checked: bool) -> Finding:
    with store.reading() as session:
        connection = session.connection()
        found = version(connection)
        damage = connection.execute(text("PRAGMA quick_check(1)")).scalar() if is_checked else "ok"
    name = "SQLite" if store.is_sqlite else "PostgreSQL"
    if damage != "ok":
        return failed("database_damaged", remedy="database_damaged", name=name)
    if found and not is_known(found):
        return failed("database_newer", remedy="database_newer", found=found, known=head())
    if found != head():
        return warned("database_old", remedy="database_old", repair="migrate", found=found or "0", known=head())
    return passed("database_fine", name=name, found=found)


def bring_up_to_date(url: str) -> None:
    """PortalError if that is not possible."""
    store = Database(url, pool_size=1)
    try:
        migrate(store)
    finally:
        store.close()


def secret_key(given: str | None) -> Finding:
    """PortalError if the key of the settings is too weak."""
    if given is None:
        return skipped("secret_key_file")
    master_key.key_of_text(given)
    return passed("secret_key_fine")
