"""Pages of long lists: 50 rows with 100,000 behind them, beside the barest query that SQLite can answer.

bin/bench lists [--json] [--goals] [--quick]: fills a database of its own with 100,000 rollouts and as many releases
(--quick: 10,000), asks for pages with each filter, order and depth, nine times each, and prints the median; half a
minute. Times are of the processor, so that others on the machine do not count; the database is in this process, and
in memory or cached. The ratio is to `SELECT * … ORDER BY id DESC LIMIT 50` of the same table through the driver alone.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert

from portal.domain.access import SYSTEM
from portal.domain.environment import Environment, Stage
from portal.domain.lists import ReleaseQuery, RolloutQuery
from portal.domain.plan import Plan, Strategy, default_plan, resolve
from portal.domain.rollout import Rollout, State
from portal.domain.route import Slot
from portal.domain.version import parse_version
from portal.store import rollouts
from portal.store.database import Database
from portal.store.list_queries import search_text
from portal.store.tables import OperationRow, ReleaseRow, RolloutRow, ServiceRow
from tests.stage import PortalStage

GOAL_SECONDS = 0.3
ROWS, QUICK_ROWS, SLICE, TRIES = 100_000, 10_000, 2_000, 9
START = datetime(2024, 1, 1, tzinfo=UTC)
SERVICES = [f"service-{number}" for number in range(20)]
PLACES = [Environment(stage, stage, number) for number, stage in enumerate((Stage.DEV, Stage.STAGING, Stage.PROD))]
WORDS = "ship fix for the sign-in page after review of ticket and let people see faster search 修复 登录 问题"


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    ask: Callable[[], int]
    peer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The median of the tries, and how it compares with the bare query."""

    name: str
    rows: int
    milliseconds: float
    bare_milliseconds: float

    @property
    def ratio(self) -> float:
        return self.milliseconds / self.bare_milliseconds


def fill(database: Database, rows: int) -> None:
    """As many releases and rollouts, most of them long over, written past the services for the sake of time."""
    chance = random.Random(20260302)
    with database.transaction() as session:
        for name in SERVICES:
            session.add(
                ServiceRow(name=name, repository=name, document={"name": name, "repository": name}, updated_at=START)
            )
    steps = {place.name: (default_plan(place.stage), place) for place in PLACES}
    for first in range(0, rows, SLICE):
        numbers = range(first + 1, min(first + SLICE, rows) + 1)
        with database.transaction() as session:
            connection = session.connection()
            connection.execute(insert(OperationRow), [_operation(number) for number in numbers])
            made = [_rollout(number, chance, steps, rows) for number in numbers]
            connection.execute(insert(RolloutRow), [rollouts.row_values(rollout) for rollout in made])
            connection.execute(insert(ReleaseRow), [_release(number, chance) for number in numbers])


def _operation(number: int) -> dict[str, Any]:
    return {"id": number, "kind": "rollout", "target": f"x{number}", "is_over": True, "created_at": START}


def _rollout(number: int, chance: random.Random, plans: dict[str, tuple[Plan, Environment]], rows: int) -> Rollout:
    place = chance.choice(PLACES)
    plan, environment = plans[place.name]
    at = START + timedelta(minutes=7 * number)
    state = State.OBSERVING if number > rows - 20 else chance.choice((State.SUCCEEDED, State.SUCCEEDED, State.ABORTED))
    return Rollout(
        id=number,
        service=chance.choice(SERVICES),
        environment=place.name,
        from_version="1.0.0",
        to_version=f"1.{number // 100}.{number % 100}",
        from_image="sha256:" + "0" * 64,
        to_image="sha256:" + "1" * 64,
        plan=replace(plan, strategy=chance.choice(tuple(Strategy))),
        steps=resolve(plan, environment, is_first=False),
        slot=Slot.BLUE,
        state=state,
        requested_by=f"person-{chance.randrange(30)}",
        reason=" ".join(chance.choices(WORDS.split(), k=8)) + f" {number}",
        created_at=at,
        state_since=at,
        step_since=at,
        ended_at=at if state.is_over else None,
        is_promoted=state is State.SUCCEEDED,
    )


def _release(number: int, chance: random.Random) -> dict[str, Any]:
    version, service = f"1.{number // 100}.{number % 100}", SERVICES[number % len(SERVICES)]
    notes, commit = " ".join(chance.choices(WORDS.split(), k=50)), f"{number:040x}"
    return {
        "id": number,
        "service": service,
        "version": version,
        "image": "sha256:" + "1" * 64,
        "commit": commit,
        "notes": notes,
        "created_by": f"person-{number % 30}",
        "created_at": START + timedelta(minutes=7 * number),
        "is_irreversible": False,
        "signatures": [],
        "version_key": parse_version(version).sort_key,
        "search": search_text(service, version, commit, notes),
    }


def questions(stage: PortalStage, rows: int) -> Iterator[Question]:
    """What people ask of the two lists: the first page, the last, each filter, each order, text that is nowhere."""
    for name, query in _rollout_queries(rows).items():
        yield Question(f"rollouts, {name}", _asks(stage.core.rollouts.page, query), "rollout")
    for name, query in _release_queries(rows).items():
        yield Question(f"releases, {name}", _asks(stage.core.releases.page, query), "release")


def _asks(page: Any, query: Any) -> Callable[[], int]:
    return lambda: len(page(SYSTEM, query).items)


def _rollout_queries(rows: int) -> dict[str, RolloutQuery]:
    service, place = SERVICES[3], PLACES[2].name
    return {
        "the newest": RolloutQuery(),
        "the last page": RolloutQuery(offset=rows - 50),
        "of a service": RolloutQuery(service=service),
        "of a service and environment": RolloutQuery(service=service, environment=place, offset=rows // 80),
        "of a service by strategy": RolloutQuery(service=service, strategy="canary"),
        "under way": RolloutQuery(state="active"),
        "aborted, by a person": RolloutQuery(state="aborted", person="person-7"),
        "of a version": RolloutQuery(version="1.30.3"),
        "in a month": RolloutQuery(since=START + timedelta(days=30), until=START + timedelta(days=60)),
        "with a rare text": RolloutQuery(text=f"{rows // 2}"),
        "with text that is nowhere": RolloutQuery(text="nothing of the kind"),
        "of a service, with text": RolloutQuery(service=service, text="登录"),
        "by service, deep": RolloutQuery(sort="service", offset=rows // 2),
        "by person": RolloutQuery(sort="person"),
    }


def _release_queries(rows: int) -> dict[str, ReleaseQuery]:
    return {
        "the newest": ReleaseQuery(),
        "the last page": ReleaseQuery(offset=rows - 50),
        "of a service by version": ReleaseQuery(service=SERVICES[3], sort="-version"),
        "with text that is nowhere": ReleaseQuery(text="nothing of the kind"),
        "by a person": ReleaseQuery(person="person-7"),
    }


def figures(rows: int) -> list[Answer]:
    with tempfile.TemporaryDirectory() as folder:
        stage = PortalStage(Path(folder))
        fill(stage.core.database, rows)
        bare = {table: _bare(stage.core.database, table) for table in ("rollout", "release")}
        found = [_answer(question, bare[question.peer]) for question in questions(stage, rows)]
        stage.core.database.close()
    return found


def _answer(question: Question, bare_seconds: float) -> Answer:
    shown = question.ask()
    return Answer(question.name, shown, 1000 * median(_timed(question.ask)), 1000 * bare_seconds)


def _bare(database: Database, table: str) -> float:
    statement = {"rollout": "SELECT * FROM rollout ORDER BY id DESC LIMIT 50"}
    with database.engine.connect() as connection:
        ask = connection.connection.cursor()
        text = statement.get(table, "SELECT * FROM release ORDER BY id DESC LIMIT 50")
        return median(_timed(lambda: len(ask.execute(text).fetchall())))


def _timed(act: Callable[[], int]) -> list[float]:
    taken: list[float] = []
    for _ in range(TRIES):
        start = time.thread_time()
        act()
        taken.append(time.thread_time() - start)
    return taken


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench lists", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument(
        "--goals", action="store_true", help="exit status 1 if a page takes more than 0.3 s of the processor"
    )
    parser.add_argument("--quick", action="store_true", help="10,000 rows instead of 100,000")
    options = parser.parse_args(arguments)
    rows = QUICK_ROWS if options.quick else ROWS
    found = figures(rows)
    if options.json:
        shown = [
            {"name": a.name, "rows": a.rows, "ms": round(a.milliseconds, 1), "ratio": round(a.ratio, 1)} for a in found
        ]
        print(json.dumps({"behind": rows, "goal_ms": 1000 * GOAL_SECONDS, "pages": shown}))
    else:
        print(f"{rows:,} rows behind each page; the median of {TRIES}; bare query = 1")
        for answer in found:
            print(f"{answer.name:48} {answer.rows:3} rows {answer.milliseconds:7.1f} ms  {answer.ratio:6.1f}")
    return 1 if options.goals and any(a.milliseconds > 1000 * GOAL_SECONDS for a in found) else 0


if __name__ == "__main__":
    sys.exit(main())
