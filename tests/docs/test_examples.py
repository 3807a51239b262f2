"""Every example can be run as it is printed: plans are read, commands exist with these options, scripts are there."""

from __future__ import annotations

import json
import re
import shlex
from itertools import dropwhile

import click
import pytest
import yaml

from portal.api.v1.data_stores import StoreOrder
from portal.cli.application import root
from portal.domain.configuration_text import json_schema, parse_contract, parse_exchange
from portal.domain.plan_text import parse_plan
from portal.i18n import catalogue
from portal.services.plans import read_plan, write_plan
from tests.docs.pages import ROOT, Fence, documents, fences

EXAMPLES = [fence for document in documents() for fence in fences(document)]
MENTIONED = re.compile(r"codex-portal((?: [a-z][a-z-]+)+)")


def of(*languages: str) -> list[object]:
    return [pytest.param(fence, id=fence.where) for fence in EXAMPLES if fence.language in languages]


SETTING = re.compile(r"[A-Z][A-Z0-9_]*=")  # set for this command alone


def commands(fence: Fence) -> list[list[str]]:
    lines = fence.text.replace("\\\n", " ").splitlines()
    split = (shlex.split(line.partition(" > ")[0], comments=True) for line in lines)
    return [words for line in split if (words := list(dropwhile(SETTING.match, line)))]


def accept(words: list[str]) -> None:
    """Fails if the command line would refuse the words. Nothing is run."""
    command: click.Command = root()
    context = click.Context(command, info_name="codex-portal")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0]) if words else None
        assert found is not None, f"there is no command {' '.join(words[:1])}"
        command, words = found, words[1:]
        if isinstance(command, click.Group):
            context = click.Context(command, info_name=command.name, parent=context)
    command.make_context(command.name, list(words), parent=context)


def accept_compose(words: list[str]) -> None:
    """A use of docker-compose.yml, with services that it has."""
    known = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"].keys()
    compose, action, *rest = words
    assert (compose, action) in {("compose", name) for name in ("up", "down", "logs", "exec")}
    named = [word for word in rest if not word.startswith("--")][:1]
    assert set(named) <= known
    if action == "exec":
        accept(rest[rest.index("codex-portal") + 1 :])


@pytest.mark.req("REQ-P3-013")
@pytest.mark.parametrize("fence", of("sh"))
def test_a_command_of_an_example_is_accepted(fence: Fence):
    for program, *words in commands(fence):
        if program == "codex-portal":
            accept(words)
        elif program == "docker":
            accept_compose(words)
        elif "/" in program:
            assert (ROOT / program).stat().st_mode & 0o100, f"{program} cannot be run"
        else:
            assert program in ("sqlite3", "cp", "export", "curl"), f"{fence.where}: {program} is not known to be there"


@pytest.mark.req("REQ-P3-013")
@pytest.mark.parametrize("fence", of("yaml", "json"))
def test_a_plan_of_an_example_is_accepted_and_survives_being_written(fence: Fence):
    if '"environments"' in fence.text:
        assert parse_exchange(json.loads(fence.text))
        return
    if '"schema"' in fence.text:
        contract = parse_contract(json.loads(fence.text)["schema"])
        assert parse_contract(json_schema(contract)) == contract
        return
    if fence.text.startswith("kind:"):
        assert StoreOrder.model_validate(yaml.safe_load(fence.text))
        return
    plan = parse_plan(read_plan(fence.text))
    assert parse_plan(yaml.safe_load(write_plan(plan))) == plan


def test_no_example_is_in_a_language_that_nothing_checks():
    known = {"", "sh", "yaml", "json", "mermaid", "nginx"}  # nginx: tests/e2e/test_tls.py
    assert {fence.language for fence in EXAMPLES} == known


def is_command(words: list[str]) -> bool:
    """Whether the words begin with a whole command; the words after it may be prose."""
    command: click.Command = root()
    context = click.Context(command, info_name="codex-portal")
    while isinstance(command, click.Group) and words:
        found = command.get_command(context, words[0])
        if found is None:
            return False
        command, words = found, words[1:]
    return True


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_command_that_a_sentence_names_exists(locale: str):
    named = [(key, words) for key, text in catalogue(locale).items() for words in MENTIONED.findall(text)]
    assert [key for key, words in named if not is_command(words.split())] == []
    assert named


def test_every_command_that_a_document_names_exists():
    prose = [
        (str(path), words)
        for path in documents()
        for words in re.findall(r"`codex-portal((?: [a-z][a-z-]+)+)", path.read_text("utf-8"))
    ]
    assert [where for where, words in prose if not is_command(words.split())] == []
    assert prose
