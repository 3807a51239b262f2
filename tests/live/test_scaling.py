"""Scaling on a real engine behind a real gate and proxy, under load: no request fails, bounds change in place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM
from portal.domain.container import LABEL_SERVICE, Container
from portal.domain.job import JobState
from portal.domain.scaling import ScalingChange
from tests.crash_kit.stand import ENVIRONMENT, SERVICE, CrashStand, DockerStand, await_, crash_stand

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.req("REQ-P3-008")]


def test_no_request_fails_while_containers_come_and_go_and_a_portal_dies_in_between() -> None:
    subprocess.run([sys.executable, str(ROOT / "bin" / "hello-images")], check=True, capture_output=True, timeout=300)
    with crash_stand(DockerStand) as stand:
        worker = stand.start_worker("")
        names = scale(stand, ScalingChange(replicas=4), 4)
        scale(stand, ScalingChange(cpu_cores=0.25, memory_bytes=96 << 20), 4)
        assert names == {c.name for c in running(stand)}, "bounds were changed in place"
        limits = [stand.containers.details(name).limits for name in names]
        assert {(found.cpu_cores, found.memory_bytes) for found in limits} == {(0.25, 96 << 20)}
        job = stand.core.scaling.scale(SYSTEM, (SERVICE, ENVIRONMENT), ScalingChange(replicas=7), reason="trial")
        await_(lambda: len(running(stand)) > 4, "the first of the new containers", seconds=60)
        worker.kill()
        worker.join()
        worker = stand.start_worker("")
        ended(stand, job.id, 7)
        scale(stand, ScalingChange(replicas=1), 1)
        stand.end(worker)
        assert stand.load.failures == []
        assert stand.load.requests > 200


def running(stand: CrashStand) -> list[Container]:
    return [c for c in stand.containers.list({LABEL_SERVICE: SERVICE}) if c.is_running]


def scale(stand: CrashStand, change: ScalingChange, number: int) -> set[str]:
    job = stand.core.scaling.scale(SYSTEM, (SERVICE, ENVIRONMENT), change, reason="trial")
    return ended(stand, job.id, number)


def ended(stand: CrashStand, job_id: int, number: int) -> set[str]:
    """The names of the containers once it is over."""
    await_(lambda: stand.core.jobs.get(SYSTEM, job_id).state.is_over, "the end of the job", seconds=120)
    assert stand.core.jobs.get(SYSTEM, job_id).state is JobState.SUCCEEDED
    names = {c.name for c in stand.containers.list({LABEL_SERVICE: SERVICE})}
    assert len(names) == number
    return names
