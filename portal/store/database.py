"""The database: SQLite by default, PostgreSQL by URL. Transactions, and the database's own clock."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Float, TypeDecorator, UpdateBase, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel

from portal.domain.errors import Unavailable

BUSY_SECONDS = 15
CACHE_KILOBYTES = 512  # of each connection; the system caches the file anyway
# Constraints have names that do not depend on the database, so that a later migration can change them.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """A time with zone in the code, seconds since the epoch in the table: the same, and comparable, in both
    databases.
    """

    impl = Float(53)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> float | None:
        return None if value is None else value.timestamp()

    def process_result_value(self, value: float | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Database:
    """One database. SQLite runs in WAL mode with `synchronous=FULL`, so that what was acknowledged survives a power
    cut.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            Path(url.removeprefix("sqlite:///")).expanduser().parent.mkdir(parents=True, exist_ok=True)
        self.engine = (
            _sqlite(url, pool_size) if self.is_sqlite else create_engine(url, pool_size=pool_size, pool_pre_ping=True)
        )

    @contextmanager
    def transaction(self) -> Generator[Session, None, None]:
        """All or nothing. A database that stays locked or away raises Unavailable("database_unavailable")."""
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                if self.is_sqlite:
                    session.connection().exec_driver_sql("BEGIN IMMEDIATE")
                yield session
        except OperationalError as error:
            raise Unavailable("database_unavailable", reason=str(error.orig)[:200]) from error

    @contextmanager
    def reading(self) -> Generator[Session, None, None]:
        """A consistent view that writes nothing."""
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                if self.is_sqlite:
                    session.connection().exec_driver_sql("BEGIN")
                else:  # or each statement would see another state
                    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                yield session
        except OperationalError as error:
            raise Unavailable("database_unavailable", reason=str(error.orig)[:200]) from error

    def close(self) -> None:
        self.engine.dispose()


def now(connection: Connection | Session) -> float:
    """The database's clock, in seconds since the epoch: what leases are measured by, whichever machine asks."""
    bound = connection.connection() if isinstance(connection, Session) else connection
    if bound.dialect.name == "sqlite":
        return time.time()  # the database runs in this process's machine: the same clock
    return float(bound.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def changed_rows(session: Session, statement: UpdateBase) -> int:
    """How many rows an UPDATE or DELETE concerned."""
    return session.exec(statement).rowcount


def _sqlite(url: str, pool_size: int) -> Engine:
    engine = create_engine(url, pool_size=pool_size, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by us, IMMEDIATE where they write
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "foreign_keys=ON",
            f"cache_size=-{CACHE_KILOBYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine
