"""The lock files pin, with hashes, what pyproject.toml asks for, and agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def asked(lock: str) -> list[Requirement]:
    """What pyproject.toml asks of a lock: `requirements-dev.lock` also has the groups `dev` and `build`."""
    groups: dict[str, list[Any]] = project()["dependency-groups"]
    wanted = {"requirements.lock": (), "requirements-build.lock": ("build",), "requirements-dev.lock": ("build", "dev")}
    texts: list[str] = list(project()["project"]["dependencies"])
    for group in wanted[lock]:
        texts += [entry for entry in groups[group] if isinstance(entry, str)]
    return [Requirement(text) for text in texts]


def pinned(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    found = (re.match(r"([\w.\-]+)==([\w.+!]+)", line) for line in lines)
    return {canonicalize_name(match[1]): match[2] for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_all_that_the_project_asks_for(lock: str):
    pins = pinned(lock)
    stale = [
        f"{lock}: {wanted} is asked for, {pins.get(canonicalize_name(wanted.name), 'nothing')} is locked: run bin/lock."
        for wanted in asked(lock)
        if not wanted.specifier.contains(pins.get(canonicalize_name(wanted.name), "0.0.dev0"), prereleases=False)
    ]
    if stale:
        pytest.fail("\n" + "\n".join(stale), pytrace=False)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str):
    entries = re.split(r"\n(?=[\w.\-]+==)", (ROOT / lock).read_text("utf-8"))
    assert len(entries) > 1
    assert [entry.split(" ")[0] for entry in entries[1:] if "--hash=sha256:" not in entry] == []


def test_the_smaller_locks_are_parts_of_the_larger():
    everything = pinned("requirements-dev.lock").items()
    assert pinned("requirements.lock").items() <= pinned("requirements-build.lock").items() <= everything
