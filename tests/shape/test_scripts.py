"""The shell that bin/ shares, with programs in the place of the engine: what it starts it ends."""

from __future__ import annotations

import os
import runpy
import subprocess
import textwrap
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "bin"
LIBRARIES = ("lib.sh", "engine.sh")
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
    "apt-get": """
        echo "$@" >>"$STAGE/apt-get.calls"
    """,
    "apt-cache": """
        [ -f "$STAGE/is-debian-13" ]
    """,
}
NO_ROOT = "can_be_root() { false; }"
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
    for name in LIBRARIES:
        (tmp_path / "bin" / name).write_text((BIN / name).read_text())
    return tmp_path


def run(stage: Path, script: str) -> subprocess.CompletedProcess[str]:
    lines = ["set -euo pipefail", ". bin/lib.sh", ". bin/engine.sh", "trap stop_started EXIT", script]
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


def installed(stage: Path) -> str:
    calls = stage / "apt-get.calls"
    return calls.read_text() if calls.exists() else ""


def test_without_a_terminal_what_is_missing_is_installed_in_one_go(stage: Path) -> None:
    done = run(stage, "MISSING=(docker.io haproxy); install_missing")
    assert done.returncode == 0, done.stderr
    assert "install -y -qq --no-install-recommends docker.io haproxy\n" in installed(stage)


def test_where_debian_has_split_the_client_off_it_is_installed_too(stage: Path) -> None:
    (stage / "is-debian-13").touch()
    assert run(stage, "MISSING=(docker.io haproxy); install_missing").returncode == 0
    assert "docker.io haproxy docker-cli\n" in installed(stage)


@pytest.mark.parametrize("why", [NO_ROOT, "NO_INSTALL=1"])
def test_who_may_not_or_will_not_install_is_told_the_exact_command(stage: Path, why: str) -> None:
    done = run(stage, f"{why}; MISSING=(haproxy debootstrap); install_missing || exit 9")
    assert (done.returncode, installed(stage)) == (9, "")
    assert "apt-get install haproxy debootstrap" in done.stderr


def test_long_work_is_told_about_and_keeps_its_status(stage: Path) -> None:
    done = run(stage, "with_progress 'at work' bash -c 'exit 6' || status=$?; jobs -p; exit $status")
    assert (done.returncode, done.stdout) == (6, "")


def test_podman_without_root_is_refused_with_the_reason(stage: Path) -> None:
    script = """
        engine_kind() { echo podman; }; id() { echo 1000; }; PORTAL_DEMO=true
        serve_on_engine_or_memory; echo $PORTAL_ENGINE ${PORTAL_DATA#$STAGE/}
    """
    done = run(stage, script)
    assert done.stdout == "memory data/memory\n", done.stderr
    assert "Run: sudo bin/run" in done.stderr


def test_an_engine_that_one_may_not_use_is_said(stage: Path) -> None:
    script = """
        python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' engine.sock
        DOCKER_SOCKET=engine.sock; test() { [ "$@" ]; }; may_use_engine && exit 0; exit 4
    """
    done = run(stage, script)
    assert done.returncode == (0 if os.geteuid() == 0 else 4), done.stderr  # root may use any


def test_a_client_that_answers_an_empty_line_for_no_image_is_understood(
    stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stage / "programs" / "docker").write_text("#!/bin/sh\necho\nexit 1\n")
    monkeypatch.setenv("PATH", str(stage / "programs"), prepend=os.pathsep)
    script = runpy.run_path(str(BIN / "hello-images"))
    assert script["found_images"]("docker") == {}
