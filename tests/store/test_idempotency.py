"""A request with a key is answered once, and again with the same answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.domain.errors import Conflict, Invalid
from portal.store.database import Database
from portal.store.idempotency import Keyed, forget_old, recall, remember
from portal.store.migrate import migrate

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ASKED = Keyed("alice", "k-1", "start hello 1.1.0")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    database = Database(url)
    migrate(database)
    yield database
    database.close()


def test_a_key_brings_its_answer_back(database: Database):
    with database.transaction() as session:
        assert recall(session, ASKED) is None
        remember(session, ASKED, answer="7", at=NOW)
    with database.reading() as session:
        assert recall(session, ASKED) == "7"
        assert recall(session, Keyed("bob", ASKED.key, ASKED.fingerprint)) is None


def test_a_key_used_for_something_else_is_refused(database: Database):
    with database.transaction() as session:
        remember(session, ASKED, answer="7", at=NOW)
    with database.reading() as session, pytest.raises(Conflict, match="idempotency_key_reused"):
        recall(session, Keyed("alice", ASKED.key, "start hello 1.2.0"))


@pytest.mark.parametrize("key", ["x" * 201, "a\0b", "a\nb"])
def test_a_key_that_is_none_is_refused(database: Database, key: str):
    with database.reading() as session, pytest.raises(Invalid):
        recall(session, Keyed("alice", key, ""))


def test_of_two_at_once_one_does_it(database: Database):
    ready = threading.Barrier(2)

    def ask(number: int) -> str:
        ready.wait()
        try:
            with database.transaction() as session:
                if (known := recall(session, ASKED)) is not None:
                    return known
                remember(session, ASKED, answer=str(number), at=NOW)
        except Conflict as error:
            return error.code
        return "did it"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, range(2)))
    assert answers.count("did it") == 1


def test_old_keys_are_forgotten(database: Database):
    with database.transaction() as session:
        remember(session, ASKED, answer="7", at=NOW)
        assert forget_old(session, NOW + timedelta(hours=24)) == 0
        assert forget_old(session, NOW + timedelta(hours=25)) == 1
