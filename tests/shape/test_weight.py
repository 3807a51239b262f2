"""What a part of the portal loads: memory is a budget, and a heavy import in the wrong place spends it for all."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "reflex",
    "docker",
    "sqlmodel",
    "sqlalchemy",
    "httpx",
    "jose",
    "cryptography",
    "argon2",
    "fastapi",
    "starlette",
}


def loaded_by(module: str) -> set[str]:
    code = f"import {module}, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return {name.partition(".")[0] for name in told.stdout.split()}


@pytest.mark.parametrize("module", ["portal.domain.rollout_advance", "portal.domain.verdict", "portal.ports.traffic"])
def test_the_rules_load_nothing_heavy(module: str) -> None:
    assert not loaded_by(module) & HEAVY


def test_the_gate_loads_nothing_but_the_standard_library() -> None:
    assert not loaded_by("portal.gate.server") & (HEAVY | {"pydantic", "click", "yaml"})


def test_the_workers_load_no_pages_and_no_engine_client_before_they_need_it() -> None:
    assert not loaded_by("portal.workers.running") & {"reflex", "docker", "httpx", "jose", "starlette"}


def test_the_command_line_starts_without_the_portal() -> None:
    assert not loaded_by("portal.cli") & HEAVY
