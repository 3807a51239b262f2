"""A job of .gitlab-ci.yml is really run, by gitlab-ci-local on a clone of these files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.npm_packages import ensure_packages, node

ROOT = Path(__file__).parents[2]
JOB = "check: [style format imports pipelines scripts]"
pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.req("REQ-P3-007"),
    pytest.mark.skipif(shutil.which("rsync") is None, reason="gitlab-ci-local copies with rsync"),
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As a runner would have it, with the files as they are now, and what bin/setup makes already there."""
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
    names = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.run(names, check=True, capture_output=True, text=True).stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["git", "-C", folder, "remote", "set-url", "origin", "https://gitlab.example/a/b.git"], check=True)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    (folder / "bin" / "setup").write_text("#!/bin/sh\n")
    return folder


def test_the_check_job_passes(clone: Path):
    program, environment = node()
    runner = ensure_packages("pipelines") / "gitlab-ci-local" / "dist" / "index.js"
    command = [program, runner, "--force-shell-executor", JOB]
    done = subprocess.run(
        command,
        cwd=clone,
        env=environment | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert "ok    pipelines" in done.stdout
    assert f"PASS  {JOB}" in done.stdout


def test_all_jobs_are_planned_as_they_are_meant(clone: Path):
    program, environment = node()
    runner = ensure_packages("pipelines") / "gitlab-ci-local" / "dist" / "index.js"

    def planned(*variables: str) -> set[str]:
        command = [program, runner, "--list-csv", *(word for each in variables for word in ("--variable", each))]
        done = subprocess.run(
            command, cwd=clone, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        return {line.split(";")[0].strip('"').partition(":")[0] for line in done.stdout.splitlines()[1:]}

    assert planned() >= {"check", "test", "build"}
    assert "deploy" not in planned()
    assert "deploy" in planned("ENVIRONMENT=prod")
    assert not {"check", "test"} & planned("ENVIRONMENT=prod", "SKIP_TESTS=true")
