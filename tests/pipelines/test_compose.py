"""docker-compose.yml as docker-compose reads it, and the image's recipe for any kind of machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.req("REQ-P3-004", "REQ-P3-005")


PROFILES = {
    "dev": {"dev"},
    "worker": {"worker"},
    "postgres": {"postgres"},
    "redis": {"redis"},
    "monitoring": {"prometheus", "alertmanager"},
}


@pytest.mark.live
def test_compose_reads_the_file_and_every_profile_adds_its_services():
    program = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    command = [*program, *(word for name in PROFILES for word in ("--profile", name)), "config"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert {name for name, service in services.items() if not service.get("profiles")} == {"portal", "gate", "haproxy"}
    for profile, added in PROFILES.items():
        assert {name for name, service in services.items() if profile in service.get("profiles", ())} == added


@pytest.mark.parametrize("name", ["Dockerfile", ".devcontainer/Dockerfile", "bin/image-root", "bin/image"])
def test_no_recipe_is_bound_to_one_kind_of_machine(name: str):
    code = re.sub(r"(?m)^\s*#.*$", "", (ROOT / name).read_text("utf-8"))
    assert not re.findall(r"amd64|x86[_-]64|arm64|aarch64|ld-linux-\w+", code)
