"""Workers are killed at every named failpoint while a load runs: nothing is lost, repeated, stuck or failed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash_kit.stand import CrashStand, DockerStand, crash_stand
from tests.crash_kit.trial import Report, Trial

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.req("REQ-P3-009")]
ROOT = Path(__file__).resolve().parents[2]


def seed() -> int:
    """A new one each time; CRASH_SEED repeats a trial."""
    return int(os.environ.get("CRASH_SEED") or random.randrange(1_000_000))


def trial(kills: int, kind: type[CrashStand] = CrashStand) -> Report:
    number = seed()
    print(f"CRASH_SEED={number}")
    with crash_stand(kind) as stand:
        report = Trial(stand, number).run(kills)
    print(json.dumps(report.summary(), indent=1))
    return report


def test_a_hundred_kills_break_no_promise() -> None:
    report = trial(100)
    assert report.wrong == []
    assert report.kills >= 100
    assert report.aborts >= 5
    assert report.requests > 1000


def test_kills_on_a_real_engine_break_no_promise() -> None:
    subprocess.run([sys.executable, str(ROOT / "bin" / "hello-images")], check=True, capture_output=True, timeout=300)
    report = trial(10, DockerStand)
    assert report.wrong == []
    assert report.kills >= 10
