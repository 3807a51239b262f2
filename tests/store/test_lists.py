"""Long lists: filters together, every order, the same answers as the rows themselves give."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.domain.errors import Invalid
from portal.domain.lists import RELEASE_SORTS, ROLLOUT_SORTS, ReleaseQuery, RolloutQuery
from portal.domain.plan import Plan, Strategy
from portal.domain.release import Release
from portal.domain.rollout import Rollout, State
from portal.domain.route import Slot
from portal.domain.service import Service
from portal.domain.version import parse_version
from portal.store import catalogue, operations, releases, rollouts
from portal.store.database import Database
from portal.store.migrate import migrate

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VERSIONS = (
    "1.0.0",
    "1.0.0-rc.2",
    "1.0.0-rc.10",
    "1.2.0",
    "1.10.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-1",
    "10.0.0",
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path):
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    database = Database(url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def stored(database: Database) -> list[Rollout]:
    chance = random.Random(7)
    made: list[Rollout] = []
    with database.transaction() as session:
        for number in range(60):
            target = f"{chance.choice('ab')}@{chance.choice(['dev', 'prod'])}"
            at = START + timedelta(minutes=number)
            rollout_id = operations.add(session, kind="rollout", target=target, plan_version=1, now=at)
            made.append(_rollout(rollout_id, target, at, chance))
            rollouts.add(session, made[-1])
    return made


def _rollout(number: int, target: str, at: datetime, chance: random.Random) -> Rollout:
    service, _, environment = target.partition("@")
    state = chance.choice([State.SUCCEEDED, State.ABORTED, State.OBSERVING])
    return Rollout(
        id=number,
        service=service,
        environment=environment,
        from_version="",
        to_version=chance.choice(["1.0.0", "1.1.0"]),
        from_image="",
        to_image="sha256:0",
        plan=Plan(chance.choice([Strategy.CANARY, Strategy.ROLLING])),
        steps=(),
        slot=Slot.BLUE,
        state=state,
        requested_by=chance.choice(["alice", "bob"]),
        reason=chance.choice(["100% sure", "紧急修复登录问题", "Über alles geprüft"]),
        created_at=at,
        state_since=at,
        step_since=at,
        ended_at=at if state.is_over else None,
        is_return=chance.random() < 0.2,
    )


QUERIES = [
    ({"service": "a"}, lambda r: r.service == "a"),
    ({"service": "a", "environment": "prod"}, lambda r: (r.service, r.environment) == ("a", "prod")),
    ({"state": "active"}, lambda r: not r.state.is_over),
    ({"state": "over", "person": "bob"}, lambda r: r.state.is_over and r.requested_by == "bob"),
    ({"state": "aborted"}, lambda r: r.state is State.ABORTED),
    ({"strategy": "canary"}, lambda r: r.strategy is Strategy.CANARY and not r.is_return),
    ({"strategy": "return"}, lambda r: r.is_return),
    ({"version": "1.1.0"}, lambda r: r.to_version == "1.1.0"),
    ({"text": "登录"}, lambda r: "登录" in r.reason),
    ({"text": "ÜBER"}, lambda r: "Über" in r.reason),
    ({"text": "100%"}, lambda r: "100%" in r.reason),
    ({"text": "_"}, lambda _: False),
    ({"since": START + timedelta(minutes=10)}, lambda r: r.created_at >= START + timedelta(minutes=10)),
    ({"until": START + timedelta(minutes=10)}, lambda r: r.created_at < START + timedelta(minutes=10)),
]


@pytest.mark.parametrize(("filters", "fits"), QUERIES, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_rollouts_are_filtered_as_the_words_say(database: Database, stored: list[Rollout], filters, fits):
    with database.reading() as session:
        page = rollouts.page(session, RolloutQuery(**filters, limit=200))
    expected = [rollout.id for rollout in reversed(stored) if fits(rollout)]
    assert ([rollout.id for rollout in page.items], page.total) == (expected, len(expected))


@pytest.mark.parametrize("sort", ROLLOUT_SORTS)
def test_the_pages_of_every_order_make_the_whole_list_once(database: Database, stored: list[Rollout], sort: str):
    with database.reading() as session:
        parts = [rollouts.page(session, RolloutQuery(sort=sort, offset=start, limit=7)) for start in range(0, 63, 7)]
    seen = [rollout for part in parts for rollout in part.items]
    assert {rollout.id for rollout in seen} == {rollout.id for rollout in stored}
    assert len(seen) == len(stored)
    name = {"person": "requested_by", "created": "created_at"}.get(sort.strip("-"), sort)
    keys = [getattr(rollout, name) for rollout in seen]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


def test_only_some_environments_are_seen_where_only_those_may_be(database: Database, stored: list[Rollout]):
    with database.reading() as session:
        page = rollouts.page(session, RolloutQuery(limit=200), frozenset({"dev"}))
        assert rollouts.page(session, RolloutQuery(), frozenset()).total == 0
    assert page.total == sum(rollout.environment == "dev" for rollout in stored)


def test_what_is_under_way_is_found_without_reading_what_is_over(database: Database, stored: list[Rollout]):
    with database.reading() as session:
        active = rollouts.active(session)
    assert [rollout.id for rollout in active] == [rollout.id for rollout in stored if not rollout.state.is_over]


def test_releases_are_ordered_as_semantic_versioning_says(database: Database):
    with database.transaction() as session:
        catalogue.put_service(session, Service("a", "a"), START)
        for number, version in enumerate(VERSIONS):
            at = START + timedelta(minutes=number)
            notes = "修复 LOGIN" if version == "1.2.0" else ""
            releases.add(session, Release("a", version, "sha256:0", notes=notes, created_by="bob"), at)
    with database.reading() as session:
        page = releases.page(session, ReleaseQuery(sort="version"))
        found = releases.page(session, ReleaseQuery(text="修复 login"))
    assert [release.version for release in page.items] == sorted(VERSIONS, key=parse_version)
    assert [release.version for release in found.items] == ["1.2.0"]


@pytest.mark.parametrize("sort", [*RELEASE_SORTS, "reason; DROP TABLE release"])
def test_an_order_that_a_list_does_not_have_is_refused(database: Database, sort: str):
    with database.reading() as session:
        if sort in RELEASE_SORTS:
            assert releases.page(session, ReleaseQuery(sort=sort)).total == 0
            return
        with pytest.raises(Invalid, match="sort_bad"):
            releases.page(session, ReleaseQuery(sort=sort))
