"""What the portal works with is looked at now when somebody asks, once at a time, and says what is not set up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portal.adapters.github.probe import github
from portal.domain.access import Actor, Grant, Role
from portal.domain.errors import Conflict, NotFound, Refused, Unavailable
from portal.domain.health import Check, CheckStatus
from portal.services.health import HealthWatch
from portal.services.integrations import Integration, Integrations

DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
BOB = Actor("bob", grants=(Grant(Role.DEVELOPER),))


@pytest.fixture
def looks() -> list[str]:
    return []


@pytest.fixture
def integrations(clock: Any, looks: list[str]) -> Integrations:
    def look() -> Check:
        looks.append("engine")
        return Check(CheckStatus.PASS, "docker 27")

    health = HealthWatch(clock, {"engine": look, "git": None})
    return Integrations(health, {"github": lambda: Check(CheckStatus.FAIL, "GitHub refuses the token")})


def named(integrations: Integrations, name: str) -> Integration:
    return next(one for one in integrations.all(DAVE) if one.name == name)


def test_it_is_looked_at_when_somebody_asks(integrations: Integrations, looks: list[str]):
    assert named(integrations, "engine").check is None
    tested = integrations.test(DAVE, "engine")
    assert tested.check is not None
    assert (tested.check.status, tested.check.output, looks) == (CheckStatus.PASS, "docker 27", ["engine"])
    assert named(integrations, "github").check is None
    github_now = integrations.test(DAVE, "github").check
    assert github_now is not None
    assert github_now.duration_ms is not None


def test_what_is_not_set_up_says_how(integrations: Integrations):
    assert not named(integrations, "git").is_on
    with pytest.raises(Refused) as refused:
        integrations.test(DAVE, "git")
    assert refused.value.params["variable"] == "GIT_USER_NAME"


def test_one_looks_at_a_time(clock: Any):
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Check:
        begun.set()
        assert go_on.wait(20)
        return Check(CheckStatus.PASS)

    integrations = Integrations(HealthWatch(clock, {}), {"github": slow})
    first = threading.Thread(target=integrations.test, args=(DAVE, "github"))
    first.start()
    assert begun.wait(20)
    with pytest.raises(Conflict, match="integration_busy"):
        integrations.test(DAVE, "github")
    go_on.set()
    first.join(20)
    assert integrations.test(DAVE, "github").check is not None


def test_it_takes_the_right_to_read_settings(integrations: Integrations, looks: list[str]):
    for ask in (integrations.all, lambda actor: integrations.test(actor, "engine")):
        with pytest.raises(Refused, match="not_allowed"):
            ask(BOB)
    with pytest.raises(NotFound):
        integrations.test(DAVE, "nowhere")
    assert looks == []


@pytest.fixture
def answering() -> Iterator[Callable[[int, bytes], str]]:
    """A server that answers what it is told to; its address."""
    told: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told["token"] = self.headers["Authorization"]
            self.send_response(told["status"])
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(told["content"])

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - its name in the standard library

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def answer(status: int, content: bytes) -> str:
        told.update(status=status, content=content)
        return f"http://127.0.0.1:{server.server_port}"

    yield answer
    server.shutdown()
    server.server_close()
    thread.join(10)


LIMITS = json.dumps({"resources": {"core": {"limit": 5000, "remaining": 4999}}}).encode()


@pytest.mark.parametrize(
    ("status", "content", "passes", "said"),
    [
        (200, LIMITS, True, "4999 of 5000"),
        (401, b"{}", False, "refuses the token"),
        (302, b"", False, "answers 302"),
        (200, b"<html>", False, "answers 200"),
    ],
)
def test_github_is_asked_for_its_rate_limit(
    answering: Callable[[int, bytes], str], status: int, content: bytes, passes: bool, said: str
):
    check = github("ghp_secret", answering(status, content))()
    assert (check.status is CheckStatus.PASS) is passes
    assert said in check.output
    assert "ghp_secret" not in check.output


def test_a_github_that_is_not_there_is_said_to_be_unreachable():
    check = github("ghp_secret", "http://127.0.0.1:9")()
    assert (check.status, check.output) == (CheckStatus.FAIL, "GitHub cannot be reached: ConnectError")


def test_what_a_part_could_not_do_is_said_to_those_who_ask_and_only_named_to_programs(clock: Any):
    def silent() -> Check:
        raise Unavailable("engine_unreachable", reason="/run/secret.sock")

    check = Integrations(HealthWatch(clock, {}), {"github": silent}).test(DAVE, "github").check
    assert check is not None
    assert (check.output, check.key) == ("engine_unreachable", "error.engine_unreachable")
    assert check.params == {"reason": "/run/secret.sock"}


def test_a_look_that_breaks_is_said_in_words(clock: Any):
    check = Integrations(HealthWatch(clock, {}), {"github": lambda: Check(CheckStatus(""))}).test(DAVE, "github").check
    assert check is not None
    assert (check.output, check.key) == ("ValueError", "probe.broke")
