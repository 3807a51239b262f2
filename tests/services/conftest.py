"""A migrated database of each kind, a clock that stands still, and the audit trail of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.services.audit import Audit
from portal.store.database import Database
from portal.store.migrate import migrate
from tests.conftest import empty_database


class HeldClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def pass_by(self, **amount: float) -> None:
        self.time += timedelta(**amount)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    database = Database(url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def anchor_file(tmp_path: Path) -> Path:
    return tmp_path / "audit-anchors.jsonl"


@pytest.fixture
def audit(database: Database, clock: HeldClock, anchor_file: Path) -> Audit:
    return Audit(database, clock, anchor_file=anchor_file)


@pytest.fixture(scope="module")
def module_database_url(postgres_url: str) -> Iterator[str]:
    """An empty PostgreSQL database for the tests of one file."""
    with empty_database(postgres_url) as url:
        yield url
