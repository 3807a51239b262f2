"""Two controllers on one database, each killed at random or stopped for longer than its lease."""

from __future__ import annotations

import json
import os
import random

import pytest

from tests.crash_kit.stand import crash_stand
from tests.crash_kit.trial import Duel

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.req("REQ-P3-009")]
ROLLOUTS = 4


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_controllers_repeat_nothing_and_lose_nothing(request: pytest.FixtureRequest, kind: str) -> None:
    url = request.getfixturevalue("postgres_database_url") if kind == "postgresql" else ""
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(1_000_000))
    print(f"CRASH_SEED={seed}")
    with crash_stand(url=url) as stand:
        report = Duel(stand, seed).run_rollouts(ROLLOUTS)
    print(json.dumps(report.summary(), indent=1))
    assert report.wrong == []
    assert report.rollouts == ROLLOUTS
