"""The command line against a real server, and against a portal of this machine's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.api import authentication
from portal.api.attempts import Attempts
from portal.cli.application import run
from tests.api.conftest import stage, tokens, url
from tests.stage import PortalStage

__all__ = ["stage", "tokens", "url"]


@dataclass(frozen=True, slots=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Portal = Callable[..., Result]


@pytest.fixture(autouse=True)
def plain_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """An English shell that knows no portal."""
    for name in ("CODEX_PORTAL_URL", "CODEX_PORTAL_TOKEN", "CODEX_PORTAL_TOKEN_FILE", "CODEX_PORTAL_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def portal(
    url: str, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Portal:
    """`portal("service", "list", by="bob")` as Bob would type it."""
    monkeypatch.setattr(authentication, "attempts", Attempts())
    monkeypatch.setenv("CODEX_PORTAL_URL", url)

    def call(*arguments: str, by: str = "") -> Result:
        monkeypatch.setenv("CODEX_PORTAL_TOKEN", tokens.get(by, by))
        code = run(arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def flying_time(stage: PortalStage) -> Iterator[None]:
    """Time goes by in the background, quickly, so that rollouts go on while a command watches."""
    landed = threading.Event()

    def fly() -> None:
        while not landed.is_set():
            stage.pass_seconds(0.25)

    thread = threading.Thread(target=fly)
    thread.start()
    yield
    landed.set()
    thread.join()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Portal:
    """A command on this machine's own portal, whose data is in a folder of the test; `typed` goes to standard input."""
    import io
    import os
    import sys

    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PORTAL_ENGINE", "memory")

    def call(*arguments: str, typed: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run(arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call
