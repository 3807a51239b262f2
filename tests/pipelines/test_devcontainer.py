"""The dev container as the devcontainer CLI reads it. It is really brought up by `bin/bench devcontainer`."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.npm_packages import ensure_packages, node
from portal.domain.doctor_tools import TOOLS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".devcontainer"
COMES_WITH_SETUP = {"node", "npm", "yarn"}
pytestmark = pytest.mark.req("REQ-P3-001")


@pytest.fixture(scope="module")
def configuration() -> dict[str, Any]:
    program, environment = node()
    cli = ensure_packages("pipelines") / "@devcontainers" / "cli" / "devcontainer.js"
    command = [program, cli, "read-configuration", "--workspace-folder", ROOT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)["configuration"]


@pytest.mark.live
def test_the_cli_reads_it(configuration: dict[str, Any]):
    assert configuration["build"]["args"].keys() >= {"BASE_IMAGE", "CA_CERTIFICATES", "PIP_INDEX_URL"}
    for command in (configuration["onCreateCommand"], configuration["postStartCommand"]):
        assert (ROOT / command).stat().st_mode & 0o100
    vscode = configuration["customizations"]["vscode"]
    assert {"ms-python.python", "ms-python.debugpy", "charliermarsh.ruff"} <= set(vscode["extensions"])


def test_every_tool_that_the_doctor_looks_for_is_installed():
    text = (FOLDER / "Dockerfile").read_text("utf-8")
    packages = set(re.findall(r"[a-z][a-z0-9.-]+", text.split("--no-install-recommends", 1)[1].split(">/dev/null")[0]))
    wanted = {tool.name: tool.package.split()[0] for tool in TOOLS if tool.name not in COMES_WITH_SETUP}
    assert set(wanted.values()) <= packages
    assert "yarn@" in (FOLDER / "create").read_text("utf-8")


def test_what_can_be_debugged_is_there():
    launch = json.loads((ROOT / ".vscode" / "launch.json").read_text("utf-8"))
    tasks = json.loads((ROOT / ".vscode" / "tasks.json").read_text("utf-8"))
    labels = {task["label"] for task in tasks["tasks"]}
    for configuration in launch["configurations"]:
        assert configuration["type"] == "debugpy"
        assert configuration.get("preLaunchTask", "check") in labels
