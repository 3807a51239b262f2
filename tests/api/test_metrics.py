"""The figures have the names of the requirements, are true, and Prometheus's own tool accepts them."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx import ASGITransport, AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from portal.api.metrics import MetricsServer, exposition, routes
from portal.domain.errors import Unavailable
from portal.domain.rollout import State
from portal.services import measures as module
from portal.services.measures import Kind, Measure, Measures, folder_bytes, resident_bytes
from portal.store.database import Database
from portal.store.migrate import migrate
from portal.store.tables import OperationRow, RolloutRow

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/portal.db" if is_sqlite else request.getfixturevalue("postgres_database_url")
    database = Database(url)
    migrate(database)
    yield database
    database.close()


def add_task(database: Database, state: State, seconds: float) -> None:
    with database.transaction() as session:
        row = OperationRow(kind="rollout", target="hello@dev", is_over=state.is_over, created_at=NOW)
        session.add(row)
        session.flush()
        about: dict[str, Any] = {"service": "hello", "environment": "dev", "document": {}, "requested_by": "bob"}
        about |= {"reason": "r", "created_at": NOW, "state_since": NOW, "step_since": NOW}
        ended = NOW + timedelta(seconds=seconds) if state.is_over else None
        session.add(RolloutRow(**about, id=row.id or 0, state=state, ended_at=ended))


def values(measures: Measures) -> dict[str, float]:
    families = text_string_to_metric_families(exposition(measures.all()))
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_does_not_exist_yet_is_absent(database: Database, tmp_path: Path):
    found = values(Measures(database, tmp_path))
    assert "codex_cpu_usage_percent" not in found
    assert not [name for name in found if "duration" in name or "mcp" in name or "git" in name]
    assert "codex_disk_usage_bytes" not in values(Measures(database, tmp_path / "missing"))


def test_tasks_are_counted_by_what_became_of_them(database: Database, tmp_path: Path):
    outcomes = (State.SUCCEEDED, State.SUCCEEDED, State.ABORTED, State.SUPERSEDED, State.OBSERVING, State.QUEUED)
    for number, state in enumerate(outcomes):
        add_task(database, state, seconds=10.0 * (number + 1))
    found = values(Measures(database, tmp_path))
    assert found["codex_active_tasks_total"] == 2
    assert found["codex_completed_tasks_total"] == 2
    assert found["codex_failed_tasks_total"] == 1
    assert found["codex_task_duration_seconds_count"] == 4
    assert found["codex_task_duration_seconds_sum"] == 100
    assert found["codex_task_duration_seconds[0.99]"] == 40


def test_the_figures_of_the_process_are_true(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    monkeypatch.setattr(module, "SHORTEST_CPU_SECONDS", 0.2)
    measures = Measures(database, tmp_path, dropped_records=lambda: 7)
    busy_until = time.monotonic() + 0.3
    while time.monotonic() < busy_until:
        pass
    found = values(measures)
    assert 1 < found["codex_cpu_usage_percent"] <= 800
    status = Path("/proc/self/status").read_text("ascii")
    resident = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) * 1024
    assert found["codex_memory_usage_bytes"] == pytest.approx(resident, rel=0.1)
    assert found["codex_disk_usage_bytes"] >= 1_000_000
    assert found["codex_access_records_dropped_total"] == 7


def test_a_folder_too_large_to_count_has_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_FILES", 1)
    (tmp_path / "a").touch()
    assert folder_bytes(tmp_path) == 0
    (tmp_path / "b").touch()
    assert folder_bytes(tmp_path) is None
    assert (resident_bytes() or 0) > 1_000_000


def test_a_database_that_is_away_takes_only_its_own_figures_along(tmp_path: Path):
    away = Database("postgresql+psycopg://portal@127.0.0.1:1/portal")
    found = values(Measures(away, tmp_path))
    assert "codex_memory_usage_bytes" in found
    assert "codex_active_tasks_total" not in found


def test_labels_and_help_are_escaped():
    odd = Measure("codex_x", Kind.GAUGE, 'a\nb\\ "c"', (("", (("l", 'a\nb\\"'),), 1.0),))
    (family,) = text_string_to_metric_families(exposition([odd]))
    assert family.samples[0].labels == {"l": 'a\nb\\"'}


async def test_they_are_served_as_prometheus_expects():
    application = Starlette(routes=routes(lambda: [Measure("codex_x", Kind.GAUGE, "x", (("", (), 1.0),))]))
    async with AsyncClient(transport=ASGITransport(app=application), base_url="http://portal") as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text == "# HELP codex_x x\n# TYPE codex_x gauge\ncodex_x 1.0\n"


async def test_they_are_not_found_where_they_are_switched_off():
    transport = ASGITransport(app=Starlette(routes=routes(lambda: None)))
    async with AsyncClient(transport=transport, base_url="http://portal") as client:
        assert (await client.get("/metrics")).status_code == 404


def test_they_can_have_a_port_of_their_own():
    server = MetricsServer("127.0.0.1", 0, lambda: [Measure("codex_x", Kind.GAUGE, "x", (("", (), 1.0),))])
    server.start()
    try:
        with pytest.raises(Unavailable, match="metrics_port_taken"):
            MetricsServer("127.0.0.1", server.port, list)
        address = f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{address}/metrics").text.endswith("codex_x 1.0\n")
        assert httpx.get(f"{address}/").status_code == 404
    finally:
        server.stop()


@pytest.mark.live
def test_the_tool_of_prometheus_finds_nothing_to_object_to(database: Database, tmp_path: Path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("promtool is not installed. Run: bin/setup --system prometheus", pytrace=False)
    for state in (State.SUCCEEDED, State.ABORTED, State.OBSERVING):
        add_task(database, state, seconds=3)
    shown = exposition(Measures(database, tmp_path, dropped_records=lambda: 0).all())
    checked = subprocess.run([promtool, "check", "metrics"], input=shown, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
