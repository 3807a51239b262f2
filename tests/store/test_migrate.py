"""Migrations make exactly the tables that the code expects, on both databases, once, and never halfway."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from portal.domain.errors import Conflict
from portal.store import migrate as migrations
from portal.store import (
    tables,
    tables_backup,
    tables_configuration,
    tables_copies,
    tables_drift,
    tables_feedback,
    tables_identity,
    tables_jobs,
    tables_milestones,
    tables_notifications,
    tables_scaling,
    tables_secrets,
    tables_templates,
    tables_views,
)
from portal.store.database import Database
from portal.store.migrate import SCRIPTS, head, migrate, version
from portal.store.search_words import TABLE

TABLES = (
    tables,
    tables_configuration,
    tables_drift,
    tables_backup,
    tables_copies,
    tables_feedback,
    tables_identity,
    tables_jobs,
    tables_views,
    tables_notifications,
    tables_milestones,
    tables_secrets,
    tables_templates,
    tables_scaling,
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    database = Database(url)
    yield database
    database.close()


def differences(database: Database) -> list[Any]:
    """But for the index of words, whose tables are those of the database's own text search."""

    def is_ours(_what: object, name: str | None, *_more: object) -> bool:
        return not (name or "").startswith(TABLE)

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        return compare_metadata(context, SQLModel.metadata)


def test_the_migrations_make_the_tables_of_the_code(database: Database):
    assert differences(database), "an empty database differs, or this test could not fail"
    assert migrate(database)
    assert differences(database) == []


def test_a_second_start_has_nothing_to_do(database: Database):
    assert migrate(database)
    assert not migrate(database)
    with database.engine.connect() as connection:
        assert version(connection) == head()


def test_processes_that_start_at_once_migrate_once(database: Database):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: migrate(database), range(4)))
    assert differences(database) == []


def test_every_migration_can_be_undone(database: Database):
    migrate(database)
    with database.engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(SCRIPTS))
        command.downgrade(config, "base")
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_a_database_of_a_newer_portal_is_left_alone(database: Database):
    migrate(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict) as refused:
        migrate(database)
    assert refused.value.code == "database_is_newer"


def test_a_migration_that_fails_leaves_nothing_behind(database: Database, monkeypatch: pytest.MonkeyPatch):
    upgrade = migrations._upgrade

    def upgrade_and_fail(connection: Any) -> None:
        upgrade(connection)
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "_upgrade", upgrade_and_fail)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(database)
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == []


def test_foreign_keys_are_in_force_after_a_migration(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/portal.db", pool_size=1)
    migrate(database)
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    database.close()
