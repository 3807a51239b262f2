"""The main job on the real engine, proxy and load: the acts of bin/demo whose invariants do not depend on a
quiet machine.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.demo import ACTS, Result
from benchmarks.demo_stand import Stand

ROOT = Path(__file__).resolve().parents[2]
CHOSEN = (
    "good canary, approved",
    "5 % errors, stopped by itself",
    "rolling",
    "portal killed with -9",
    "all canary containers killed",
    "proxy reloaded in mid shift",
)
pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-009"), pytest.mark.req("REQ-P3-007")]


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    subprocess.run([sys.executable, ROOT / "bin" / "hello-images"], check=True, capture_output=True, timeout=900)
    made = Stand(rate=120.0)
    try:
        made.furnish()
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("name", CHOSEN)
def test_no_request_is_lost_and_the_act_ends_as_it_should(stand: Stand, name: str) -> None:
    result, since = Result(name), stand.moment()
    ACTS[name](stand, result)
    lost = [answer for answer in stand.answers(since) if answer.is_lost]
    assert not result.breaches
    assert len(lost) <= result.allowed, lost[:5]
