"""Exit codes and complaints that scripts and people can rely on."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from portal.cli.application import run
from tests.cli.conftest import Portal


@pytest.mark.parametrize(
    ("arguments", "by", "code"),
    [
        (("service", "show", "nothing"), "carol", 4),
        (("release", "create", "hello", "1.0.0", "hello:1.0.0"), "bob", 5),
        (("release", "create", "hello", "one", "hello:1.0.0"), "bob", 2),
        (("release", "create", "hello", "9.0.0", "hello:none"), "bob", 4),
        (("release", "create", "hello", "9.0.0", "hello:1.0.0"), "carol", 3),
        (("rollout", "start", "hello", "prod", "1.0.0", "-m", "again"), "bob", 3),
        (("rollout", "abort", "1", "-m", "too late"), "bob", 3),
        (("rollback", "hello", "staging", "-m", "back"), "alice", 4),
        (("service", "list"), "cfp_wrong", 3),
        (("service", "list"), "", 3),
        (("service", "save", "x", "--set", "port"), "alice", 2),
        (("service", "save", "x", "--file", "/nowhere"), "alice", 2),
    ],
)
def test_the_exit_code_says_what_kind_of_failure_it_was(portal: Portal, arguments: tuple[str, ...], by: str, code: int):
    result = portal(*arguments, by=by)
    assert (result.code, result.out) == (code, ""), result
    assert result.err.strip()


@pytest.mark.parametrize("arguments", [("nothing",), ("service", "show"), ("rollout", "abort", "1"), ("--nothing",)])
def test_wrong_usage_ends_with_two(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert run(arguments) == 2
    assert "Usage:" in capsys.readouterr().err


def test_a_complaint_is_in_the_language_asked_for(portal: Portal):
    assert "service list" in portal("service", "show", "nothing", by="carol").err
    assert "没有" in portal("service", "show", "nothing", "--lang", "zh", by="carol").err


def test_a_complaint_for_programs_is_the_problem_itself(portal: Portal):
    problem = json.loads(portal("service", "show", "nothing", "--json", by="carol").err)
    assert (problem["code"], problem["kind"], problem["status"]) == ("service_missing", "not_found", 404)


def test_every_wrong_field_is_listed(portal: Portal):
    order = ("--set", "repository=shop", "--set", "port=many", "--set", "colour=red")
    result = portal("service", "save", "shop", *order, by="alice")
    assert result.code == 2
    assert "  port: a whole number is needed\n  colour: there is no such field\n" in result.err


def test_nobody_there_ends_with_six(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("CODEX_PORTAL_TOKEN", "cfp_x")
    assert run(["service", "list", "--url", f"http://127.0.0.1:{port}"]) == 6
    assert f"http://127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["portal", "ftp://portal", "http://[", "unix:///run/x"])
def test_an_address_that_is_none_ends_with_two(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("CODEX_PORTAL_TOKEN", "cfp_x")
    assert run(["service", "list", "--url", address]) == 2
    assert address in capsys.readouterr().err


def test_the_token_may_come_from_a_file(
    portal: Portal, tokens: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "token"
    file.write_text(tokens["carol"] + "\n")
    monkeypatch.setenv("CODEX_PORTAL_TOKEN_FILE", str(file))
    assert portal("service", "list").code == 0
    monkeypatch.setenv("CODEX_PORTAL_TOKEN_FILE", str(tmp_path / "missing"))
    assert portal("service", "list").code == 2


def test_the_address_before_the_noun_counts_too(portal: Portal, url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CODEX_PORTAL_URL")
    assert portal("service", "list", "--url", url, by="carol").code == 0
