"""The three pipelines say the same, take nothing that may change under their feet, and have the asked interface."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
USES = re.compile(r"^\s*(?:- )?uses: (\S+)(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
SCRIPT = re.compile(r"\bbin/[\w-]+(?: (?:push|join|sign|next|notes|write))?")
pytestmark = pytest.mark.req("REQ-P3-007")

# Chapter 4.2.1 of the requirements, word for word.
INTERFACE = """
inputs:
  environment:
    description: 'Deployment environment'
    required: true
    type: choice
    options: ['dev', 'test', 'staging', 'prod']

  version:
    description: 'Version to deploy'
    required: false
    type: string
    default: 'latest'

  skip_tests:
    description: 'Skip test execution'
    required: false
    type: boolean
    default: false

outputs:
  deployment_url: Deployed application URL
  version: Deployed version
  status: Deployment status
"""


def read(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(path.read_text("utf-8"))
    return {("on" if key is True else key): value for key, value in found.items()}  # YAML 1.1 takes `on` for a truth


def scripts(text: str) -> set[str]:
    commands = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("#", "//")))
    return set(SCRIPT.findall(commands))


def test_the_deploy_workflow_has_exactly_the_inputs_and_outputs_that_were_asked_for():
    wanted, triggers = yaml.safe_load(INTERFACE), read(ROOT / ".github" / "workflows" / "deploy.yml")["on"]
    assert triggers["workflow_dispatch"]["inputs"] == wanted["inputs"]
    called = triggers["workflow_call"]
    assert {name: output["description"] for name, output in called["outputs"].items()} == wanted["outputs"]
    choice = {"type": "string", "description": "Deployment environment", "required": True}
    assert called["inputs"] == {**wanted["inputs"], "environment": choice}


def test_what_the_deploy_step_tells_is_what_the_workflow_gives_out():
    job = read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]["deploy"]
    assert job["outputs"] == {
        "deployment_url": "${{ steps.deploy.outputs.url }}",
        "version": "${{ steps.deploy.outputs.version }}",
        "status": "${{ steps.deploy.outputs.status }}",
    }
    told = re.findall(r"\btell (\w+) ", (ROOT / "bin" / "deploy").read_text("utf-8"))
    assert set(told) == {"url", "version", "status"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(path: Path):
    used = USES.findall(path.read_text("utf-8"))
    foreign = [(name, comment) for name, comment in used if not name.startswith("./")]
    assert foreign
    for name, comment in foreign:
        assert PINNED.fullmatch(name), name
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), name


def test_one_action_has_one_pin_everywhere():
    pins = {name for path in WORKFLOWS for name, _ in USES.findall(path.read_text("utf-8")) if "@" in name}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_no_more_than_read_unless_a_job_says_so(path: Path):
    workflow = read(path)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job or "uses" in job


def test_no_workflow_keeps_a_secret_but_the_token_of_the_portal():
    named = {name for path in WORKFLOWS for name in re.findall(r"secrets\.(\w+)", path.read_text("utf-8"))}
    assert named == {"CODEX_PORTAL_TOKEN"}


def test_the_pipelines_run_the_same_scripts_and_all_of_them_are_there():
    github = set[str]().union(*(scripts(path.read_text("utf-8")) for path in WORKFLOWS))
    gitlab = scripts((ROOT / ".gitlab-ci.yml").read_text("utf-8"))
    jenkins = scripts((ROOT / "Jenkinsfile").read_text("utf-8"))
    assert github - {"bin/release"} == gitlab
    assert jenkins - {"bin/setup"} == gitlab
    for script in {name.split()[0] for name in github | jenkins}:
        assert (ROOT / script).stat().st_mode & 0o100, f"{script} cannot be run"


def test_the_jenkinsfile_closes_what_it_opens():
    text = re.sub(
        r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*", "", (ROOT / "Jenkinsfile").read_text("utf-8"), flags=re.DOTALL
    )
    open_now: list[str] = []
    for character in re.findall(r"[(){}\[\]]", text):
        if character in "({[":
            open_now.append(character)
        else:
            assert open_now.pop() == {")": "(", "}": "{", "]": "["}[character]
    assert open_now == []
