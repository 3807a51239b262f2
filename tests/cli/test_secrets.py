"""Secrets from a terminal: values by standard input or file, out by one command alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Portal

CANARY = "canary-of-the-terminal"


class Typed(io.TextIOWrapper):
    """Standard input that is no terminal."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))


@pytest.mark.req("REQ-P3-008")
def test_dave_makes_a_secret_and_only_reveal_shows_it(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(f"{CANARY}\n".encode()))
    made = portal("secret", "create", "prod/db-password", "--service", "hello", "--description", "database", by="dave")
    assert (made.code, made.err) == (0, "")
    (tmp_path / "value").write_bytes(f"{CANARY}-2".encode())
    assert portal("secret", "set", "prod/db-password", "--file", str(tmp_path / "value"), by="dave").code == 0
    listed = portal("secret", "list", by="carol")
    shown = portal("secret", "show", "prod/db-password", "--json", by="carol")
    assert "db-password" in listed.out
    assert [version["state"] for version in shown.json["versions"]] == ["current", "previous"]
    assert CANARY not in made.out + listed.out + shown.out
    assert portal("secret", "reveal", "prod/db-password", "-m", "curious", by="alice").code == 3
    revealed = portal("secret", "reveal", "prod/db-password", "-m", "outage", by="dave")
    assert revealed.out == f"{CANARY}-2\n"
    old = portal("secret", "reveal", "prod/db-password", "--version", "1", "-m", "outage", by="dave")
    assert old.out == f"{CANARY}\n"
    assert portal("secret", "revoke", "prod/db-password", "1", "-m", "old", by="dave").code == 0
    assert portal("secret", "reveal", "prod/db-password", "--version", "1", "-m", "x", by="dave").code == 3
    trail = portal("audit", "list", by="alice")
    assert "db-password" in trail.out
    assert CANARY not in trail.out


def test_a_value_is_generated_and_settings_go_in_as_they_came_out(portal: Portal, tmp_path: Path) -> None:
    made = portal(
        *("secret", "create", "dev/api-key", "--as", "variable", "--generate", "hex", "--length", "16", "--json"),
        by="dave",
    )
    assert made.json["target"] == "API_KEY"
    shown = portal("secret", "show", "dev/api-key", "--json", by="dave")
    (tmp_path / "s.json").write_text(shown.out.replace('"every_days": 0', '"every_days": 30'))
    assert portal("secret", "edit", "dev/api-key", "--file", str(tmp_path / "s.json"), by="dave").code == 0
    again = portal("secret", "show", "dev/api-key", "--json", by="dave").json
    assert (again["rotation"]["every_days"], again["rotation"]["generator"]) == (30, "hex")
    assert again["due_at"]
    assert portal("secret", "remove", "dev/api-key", "-m", "done", by="dave").code == 0
    assert portal("secret", "show", "dev/api-key", by="dave").code == 4


def test_what_is_no_secret_is_told_apart(portal: Portal) -> None:
    wrong = portal("secret", "show", "db-password", by="carol")
    assert wrong.code == 2
    assert "prod/db-password" in wrong.err
