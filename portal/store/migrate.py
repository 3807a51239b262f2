"""Brings the tables of a database to what this version of the portal expects."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from portal.domain.errors import Conflict
from portal.store.database import Database

SCRIPTS = Path(__file__).resolve().parents[2] / "alembic"
MIGRATION_LOCK = 0x6D696772
_LINE = re.compile(r'^(revision|down_revision) = "?(\w+)"?', re.MULTILINE)


def head() -> str:
    """The newest migration, read from the files: importing Alembic for that would take a third of a second."""
    return _newest(_revisions())


def version(connection: Connection) -> str:
    """The newest migration that this database has had; empty for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def is_known(revision: str) -> bool:
    """Whether this version of the portal has that migration."""
    return revision in _revisions()


def is_up_to_date(database: Database) -> bool:
    """Whether there is nothing to migrate; asks without loading Alembic."""
    with database.engine.connect() as connection:
        return version(connection) == head()


def migrate(database: Database) -> bool:
    """Whether there was anything to do. Of several processes that start at once one migrates and the others wait.

    All or nothing, on SQLite too. Conflict("database_is_newer") if a newer portal was here before.
    """
    if is_up_to_date(database):
        return False
    _refuse_newer(database)
    with database.engine.connect() as connection:
        if database.is_sqlite:
            _migrate_sqlite(connection)
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
                _upgrade(connection)
    return True


def _migrate_sqlite(connection: Connection) -> None:
    """Foreign keys are off meanwhile, or replacing a table would delete what refers to it; then they are checked."""
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        _upgrade(connection)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken:
            raise Conflict("migration_broke_references", table=broken[0])
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    finally:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    command.upgrade(config, "head")


def _refuse_newer(database: Database) -> None:
    with database.engine.connect() as connection:
        found = version(connection)
    if found and not is_known(found):
        raise Conflict("database_is_newer", found=found, known=head())


def _revisions() -> dict[str, str]:
    """Each migration and the one before it."""
    texts = (path.read_text("utf-8") for path in sorted((SCRIPTS / "versions").glob("*.py")))
    found = (dict(_LINE.findall(content)) for content in texts)
    return {lines["revision"]: lines["down_revision"] for lines in found}


def _newest(revisions: dict[str, str]) -> str:
    heads = revisions.keys() - revisions.values()
    assert len(heads) == 1, f"migrations have {len(heads)} ends instead of one: {sorted(heads)}"
    return heads.pop()
