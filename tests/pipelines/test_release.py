"""bin/release on a repository of its own: what comes next, what it brings, and what is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bin" / "release"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n## 1.2.3 – 2026-01-01\n\n- Old.\n"
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
pytestmark = pytest.mark.req("REQ-P3-007", "REQ-P3-009")
Release = Callable[..., str]


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Bob", "-c", "user.email=bob@example.com"]
    command = ["git", "-C", folder, *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | QUIET).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "portal").mkdir(parents=True)
    (folder / "portal" / "__init__.py").write_text('"""Portal."""\n\n__version__ = "1.2.3"\n')
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "feat: the beginning")
    git(folder, "tag", "v1.2.3")
    return folder


def commit(folder: Path, message: str) -> None:
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)


@pytest.fixture
def release(repository: Path) -> Release:
    def call(*words: str, **more: str) -> str:
        environment = os.environ | QUIET | {"RELEASE_ROOT": str(repository)} | more
        command = [sys.executable, SCRIPT, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()

    return call


@pytest.mark.parametrize(
    ("messages", "version"),
    [
        ([], ""),
        (["docs: words", "chore: tidy"], ""),
        (["fix: a hole"], "1.2.4"),
        (["perf(web): faster", "docs: words"], "1.2.4"),
        (["fix: a hole", "feat(cli): the doctor"], "1.3.0"),
        (["feat!: another way to sign in"], "2.0.0"),
        (["fix: a hole\n\nBREAKING CHANGE: the old port is gone"], "2.0.0"),
        (["not conventional at all"], ""),
    ],
)
def test_the_next_version_is_what_the_commits_say(
    repository: Path, release: Release, messages: list[str], version: str
):
    for message in messages:
        commit(repository, message)
    assert release("next") == version


def test_before_the_first_release_the_code_names_the_version(repository: Path, release: Release):
    git(repository, "tag", "--delete", "v1.2.3")
    assert release("next") == "1.2.3"


def test_before_1_0_what_breaks_raises_the_second_number(repository: Path, release: Release):
    git(repository, "tag", "v0.4.1", "--message", "x")
    git(repository, "tag", "--delete", "v1.2.3")
    commit(repository, "feat!: another way")
    assert release("next") == "0.5.0"


def test_notes_tell_what_matters_first(repository: Path, release: Release):
    commit(repository, "fix(store): a hole")
    commit(repository, "docs: words")
    commit(repository, "feat: search\n\nBREAKING CHANGE: the index\nis made anew")
    lines = [line.split(" (")[0] for line in release("notes").splitlines() if line]
    assert lines == [
        "### Changes that need your hand",
        "- the index is made anew",
        "### Added",
        "- search",
        "### Fixed",
        "- **store**: a hole",
    ]


def test_the_version_goes_into_code_and_changelog_once(repository: Path, release: Release):
    commit(repository, "feat: search")
    for _ in range(2):
        release("write", "1.3.0")
    assert '__version__ = "1.3.0"' in (repository / "portal" / "__init__.py").read_text()
    changelog = (repository / "CHANGELOG.md").read_text()
    assert changelog.count("## 1.3.0 – ") == 1
    assert changelog.index("## Unreleased") < changelog.index("- search") < changelog.index("## 1.2.3")
    assert changelog.endswith("- Old.\n")


def test_a_release_is_tagged_pushed_and_made_at_github(repository: Path, release: Release, tmp_path: Path):
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(repository, "remote", "add", "origin", str(tmp_path / "remote.git"))
    program = tmp_path / "programs" / "gh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n[ "$1" != release ] || cat "$8" >>{tmp_path}/said\n')
    program.chmod(0o755)
    commit(repository, "feat: search")
    release("publish", "1.3.0", "sbom.json", PATH=f"{program.parent}:{os.environ['PATH']}")
    remote = tmp_path / "remote.git"
    assert git(remote, "log", "-1", "--format=%s", "v1.3.0").strip() == "chore(release): 1.3.0"
    assert git(remote, "rev-parse", "main").strip() == git(remote, "rev-parse", "v1.3.0^{commit}").strip()
    last = (tmp_path / "calls").read_text().splitlines()[-1]
    assert last.startswith("release create v1.3.0 --verify-tag --title 1.3.0 --notes-file")
    assert last.endswith("sbom.json")
    assert git(repository, "status", "--porcelain") == ""
