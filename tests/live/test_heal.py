"""What is done to real containers, network and proxy is put right without a person: some faults of `bin/bench heal`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.demo_stand import DAVE
from benchmarks.heal import perform
from benchmarks.heal_faults import HealStand
from portal.domain.healing import HealingMode

ROOT = Path(__file__).resolve().parents[2]
CHOSEN = ("a container killed", "the network removed", "another image in its place", "a server disabled by hand")
pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-012"), pytest.mark.req("REQ-P3-008")]


@pytest.fixture(scope="module")
def stand() -> Iterator[HealStand]:
    subprocess.run([sys.executable, ROOT / "bin" / "hello-images"], check=True, capture_output=True, timeout=900)
    made = HealStand(rate=20.0)
    try:
        made.furnish()
        made.core.drift.set_mode(DAVE, "prod", HealingMode.EXACT, reason="as declared")
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("fault", CHOSEN)
def test_everything_is_as_it_should_be_again_without_a_person(stand: HealStand, fault: str) -> None:
    outcome = perform(stand, fault)
    assert outcome.seconds is not None, outcome.note
