"""Runs migrations on the connection it is given, or on the database of PORTAL_DATABASE_URL when called by hand."""

from __future__ import annotations

import os
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

from portal.store import tables, tables_identity, tables_notifications  # noqa: F401 - importing them registers their tables
from portal.store.database import Database, UtcTime


def plain_types(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations name the types of SQLAlchemy alone, so that they stay true when our own change."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.Float(53)"
    if kind == "type" and type(item).__module__.startswith("sqlmodel"):
        return f"sa.String({item.length or ''})"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_types,  # pyright: ignore[reportArgumentType]
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = Database(os.environ.get("PORTAL_DATABASE_URL", "sqlite:///data/portal.db"))
    with database.engine.begin() as own:
        run(own)
    database.close()
