"""The databases that the tests start are real, empty at first and independent of each other."""

from __future__ import annotations

import pytest
import redis
from sqlalchemy import create_engine, inspect, text


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_an_empty_postgres(postgres_database_url: str, turn: int):
    engine = create_engine(postgres_database_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE left_behind (turn integer)"))
        assert "PostgreSQL" in str(connection.scalar(text("SELECT version()")))
    engine.dispose()


def test_redis_keeps_what_it_is_told(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        client.set("cast", "Alice")
        assert client.get("cast") == b"Alice"
