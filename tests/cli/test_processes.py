"""The command as a process: quick to start, and the parent of the portal's other processes."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.cli.application import NOUNS

COMMAND = [sys.executable, "-m", "portal.cli"]
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
HELP_SECONDS = 0.3


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PORTAL_", "CODEX_"))}
    return {**kept, "PORTAL_DATA": str(tmp_path / "data"), "PORTAL_ENGINE": "memory", "LC_ALL": "C.UTF-8"}


def call(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments]
    return subprocess.run(
        command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS
    )


def used_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_help_is_there_at_once_in_both_languages(environment: dict[str, str]):
    before = used_seconds()
    shown = call("--help", environment=environment)
    seconds = used_seconds() - before
    assert "Exit codes" in shown.stdout
    assert [name for name in NOUNS if f"\n  {name} " not in shown.stdout] == []
    assert seconds < HELP_SECONDS
    assert "退出码" in call("--help", "--lang", "zh", environment=environment).stdout


def test_help_loads_nothing_heavy(environment: dict[str, str]):
    script = "import sys; from portal.cli.application import run; run(['--help']); print(sorted(sys.modules))"
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, check=True, env=environment, cwd=ROOT, capture_output=True, text=True)
    loaded = shown.stdout.splitlines()[-1]
    assert [name for name in ("httpx", "sqlalchemy", "reflex", "pydantic", "yaml") if f"'{name}'" in loaded] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_completion(shell: str, environment: dict[str, str]):
    assert "_CODEX_PORTAL_COMPLETE" in call("completion", shell, environment=environment).stdout


def test_commands_are_completed(environment: dict[str, str]):
    asked = {"_CODEX_PORTAL_COMPLETE": "bash_complete", "COMP_WORDS": "codex-portal rollout ap", "COMP_CWORD": "2"}
    assert call(environment={**environment, **asked}).stdout.strip() == "plain,approve"


def test_a_reader_that_goes_away_makes_no_noise(environment: dict[str, str]):
    with subprocess.Popen(
        [*COMMAND, "settings", "--json"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.fixture
def gate(tmp_path: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [*COMMAND, "gate", "--listen", str(tmp_path / "gate.sock"), "--engine", str(tmp_path / "none.sock")]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_the_gate_is_the_process_that_was_started(gate: subprocess.Popen[str], tmp_path: Path):
    assert gate.stdout is not None
    ready = json.loads(gate.stdout.readline())
    assert (ready["event"], ready["pid"]) == ("ready", gate.pid)
    assert (tmp_path / "gate.sock").is_socket()
    gate.send_signal(signal.SIGTERM)
    assert gate.wait(START_SECONDS) == 0


def test_workers_alone_need_a_database_that_others_can_share(environment: dict[str, str]):
    refused = call("worker", environment=environment)
    assert refused.returncode == 2
    assert "PORTAL_ROLE" in refused.stderr


def test_workers_alone_work_until_they_are_told_to_end(postgres_database_url: str, environment: dict[str, str]):
    environment = {**environment, "PORTAL_DATABASE_URL": postgres_database_url}
    with subprocess.Popen([*COMMAND, "worker"], env=environment, cwd=ROOT, stderr=subprocess.PIPE) as process:
        try:
            wait_for_migration(postgres_database_url, process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(START_SECONDS) == 0
        finally:
            process.kill()


def wait_for_migration(url: str, process: subprocess.Popen[bytes]) -> None:
    """The signal is caught from before the migration on."""
    import psycopg

    end = time.monotonic() + START_SECONDS
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        while connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
            assert time.monotonic() < end
            time.sleep(0.05)
