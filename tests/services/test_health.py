"""Health is looked at beside the requests: an answer is quick and says its age, a part that hangs fails alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portal.adapters.host import probes as host
from portal.adapters.memory.containers import MemoryContainers
from portal.adapters.memory.world import MemoryWorld
from portal.domain.errors import Unavailable
from portal.domain.health import Check, CheckStatus, HealthStatus, overall, said
from portal.services import health as watch_module
from portal.services import health_probes as probes
from portal.services.health import HealthWatch
from portal.store import operations
from portal.store.database import Database

PASS = Check(CheckStatus.PASS, "fine")


def failing() -> Check:
    raise Unavailable("engine_unreachable", reason="secret address")


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets a probe that hangs go at the end."""
    event = threading.Event()
    yield event
    event.set()


def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen within ten seconds"
        threading.Event().wait(0.005)


def test_what_was_seen_is_reported_with_its_age(clock: Any):
    watch = HealthWatch(clock, {"database": lambda: PASS, "mcp_server": None})
    assert watch.report().checks["database"] == said(CheckStatus.WARN, "unchecked")
    health = watch.look()
    assert health.status is HealthStatus.HEALTHY
    assert health.checks["database"].output.startswith("fine (checked 0.")
    assert health.checks["database"].duration_ms is not None
    assert health.checks["mcp_server"] == Check(CheckStatus.PASS, "disabled")


def test_looks_are_taken_again_by_themselves(clock: Any):
    seen: list[int] = []
    watch = HealthWatch(clock, {"engine": lambda: (seen.append(1), PASS)[1]}, every_seconds=0.01)
    watch.start()
    until(lambda: len(seen) >= 3)
    watch.stop()


def test_a_part_that_hangs_fails_and_holds_up_no_other(
    clock: Any, release: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watch_module, "STALE_AFTER_SECONDS", 0.05)
    calls: list[int] = []

    def hang() -> Check:
        calls.append(1)
        release.wait(20)
        return PASS

    others: list[int] = []
    watch = HealthWatch(clock, {"engine": hang, "proxy": lambda: (others.append(1), PASS)[1]}, every_seconds=0.01)
    watch.start()
    until(lambda: watch.report().checks["engine"].status is CheckStatus.FAIL and len(others) > 5)
    begun = time.perf_counter()
    report = watch.report()
    assert time.perf_counter() - begun < 0.02
    assert report.status is HealthStatus.DEGRADED
    assert report.checks["engine"].output.startswith("no answer for")
    assert len(calls) == 1
    release.set()
    until(lambda: watch.report().checks["engine"].status is CheckStatus.PASS)
    watch.stop()


def test_a_part_can_be_looked_at_by_another_probe(clock: Any):
    watch = HealthWatch(clock, {"workers": failing, "git": None})
    watch.watch("workers", lambda: PASS)
    assert watch.look().checks["workers"].status is CheckStatus.PASS
    with pytest.raises(KeyError):
        watch.watch("git", lambda: PASS)


def test_an_error_is_an_answer_without_its_details(clock: Any):
    def broken() -> Check:
        raise ZeroDivisionError("secret")

    health = HealthWatch(clock, {"engine": failing, "proxy": broken}).look()
    assert health.checks["engine"].output.startswith("engine_unreachable (")
    assert health.checks["proxy"].output.startswith("ZeroDivisionError (")
    assert health.is_ready


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("database", CheckStatus.FAIL, HealthStatus.UNHEALTHY),
        ("file_system", CheckStatus.FAIL, HealthStatus.UNHEALTHY),
        ("file_system", CheckStatus.WARN, HealthStatus.DEGRADED),
        ("engine", CheckStatus.FAIL, HealthStatus.DEGRADED),
        ("engine", CheckStatus.PASS, HealthStatus.HEALTHY),
    ],
)
def test_the_whole_follows_from_the_parts(name: str, status: CheckStatus, expected: HealthStatus):
    checks = {"database": PASS, "file_system": PASS, "proxy": PASS, name: Check(status)}
    assert overall(checks) is expected


def test_a_database_that_answers_with_the_right_tables_passes(database: Database):
    assert probes.database(database)().status is CheckStatus.PASS
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num='0000'"))
    assert probes.database(database)().status is CheckStatus.FAIL


def test_a_folder_is_really_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert probes.file_system(tmp_path)().status in (CheckStatus.PASS, CheckStatus.WARN)
    assert list(tmp_path.iterdir()) == []
    assert probes.file_system(tmp_path / "missing")().status is CheckStatus.FAIL
    monkeypatch.setattr(probes, "LITTLE_SPACE", 1.1)
    assert probes.file_system(tmp_path)().status is CheckStatus.WARN
    monkeypatch.setattr(probes, "NO_SPACE", 1.1)
    assert probes.file_system(tmp_path)().status is CheckStatus.FAIL


def test_work_that_nobody_does_is_seen(database: Database, clock: Any, monkeypatch: pytest.MonkeyPatch):
    look = probes.workers(database)
    with database.transaction() as session:
        number = operations.add(session, kind="rollout", target="hello@dev", plan_version=1, now=clock.now())
    monkeypatch.setattr(probes, "OVERDUE_SECONDS", -1.0)
    assert look().output == "1 operation is due and nobody works on it"
    with database.transaction() as session:
        assert operations.claim(session, "somebody", limit=5)[0].operation_id == number
    assert look().status is CheckStatus.PASS


def test_work_that_is_only_just_due_is_no_fault(database: Database, clock: Any):
    with database.transaction() as session:
        operations.add(session, kind="rollout", target="hello@dev", plan_version=1, now=clock.now())
    assert probes.workers(database)().status is CheckStatus.PASS
    assert probes.workers(database, lambda: False)().status is CheckStatus.FAIL


def test_an_engine_in_memory_says_so(clock: Any):
    assert "demonstration" in probes.engine(MemoryContainers(MemoryWorld(clock)))().output


def test_the_machine_is_asked_for_its_ports_and_its_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert host.port_open("0.0.0.0", 1).status is CheckStatus.FAIL
    assert host.git_version().output.startswith("git 2")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert host.git_version().output == "git is not installed"
