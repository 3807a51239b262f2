"""The shell that bin/ shares, with programs in the place of the engine: what it starts it ends."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "bin" / "lib.sh"
PROGRAMS = {
    "docker": """
        [ -f "$STAGE/engine.pid" ]
    """,
    "dockerd": """
        trap 'rm -f "$STAGE/engine.pid"; exit 143' TERM
        echo $$ >"$STAGE/engine.pid"
        while :; do sleep 0.05; done
    """,
    "sudo": """
        [ "$1" = -n ] && shift
        exec "$@"
    """,
}
needs_no_systemd = pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="systemd starts the engine here")


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A folder of programs that stand for the engine's, and a copy of the library that writes beside them."""
    for name, body in PROGRAMS.items():
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/usr/bin/env bash\n" + textwrap.dedent(body))
        program.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "lib.sh").write_text(LIBRARY.read_text())
    return tmp_path


def run(stage: Path, script: str) -> subprocess.CompletedProcess[str]:
    lines = ["set -euo pipefail", ". bin/lib.sh", "trap stop_started EXIT", script]
    path = f"{stage / 'programs'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "STAGE": str(stage)}
    command = ["bash", "-c", "\n".join(lines)]
    return subprocess.run(command, cwd=stage, env=environment, text=True, capture_output=True, timeout=60, check=False)


@needs_no_systemd
@pytest.mark.parametrize("status", [0, 3])
def test_a_script_ends_the_engine_it_started_and_keeps_its_own_status(stage: Path, status: int) -> None:
    done = run(stage, f"ensure_dockerd; cat $STAGE/engine.pid; exit {status}")
    assert done.returncode == status, done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


@needs_no_systemd
def test_an_engine_that_was_there_before_is_left_alone(stage: Path) -> None:
    (stage / "engine.pid").write_text("another's")
    done = run(stage, "ensure_dockerd")
    assert (done.returncode, (stage / "engine.pid").read_text()) == (0, "another's"), done.stderr


@needs_no_systemd
def test_an_engine_that_does_not_start_is_told_with_its_last_words(stage: Path) -> None:
    (stage / "programs" / "dockerd").write_text("#!/bin/sh\necho no room on this disk\nexit 1\n")
    done = run(stage, "ensure_dockerd || exit 7")
    assert done.returncode == 7
    assert "no room on this disk" in done.stderr
