"""No error of the SDK, of HTTP or of the system leaves the Docker adapter as it is."""

from __future__ import annotations

import http.client
import inspect
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
import requests
import requests.exceptions
import urllib3.exceptions

from portal.adapters.docker.containers import DockerContainers
from portal.adapters.docker.failures import Subject, edge, translate
from portal.domain.container import ContainerSpec, Network
from portal.domain.errors import Conflict, Invalid, NotFound, PortalError, Refused, Unavailable
from tests.contracts.engines import folder

CATALOGUE = json.loads((Path(__file__).parents[2] / "portal/i18n/en.json").read_text("utf-8"))


READ = SimpleNamespace(tell=lambda: 1, length_remaining=2)
SPECIAL: dict[type[Exception], Exception] = {
    http.client.IncompleteRead: http.client.IncompleteRead(b"x"),
    urllib3.exceptions.IncompleteRead: urllib3.exceptions.IncompleteRead(1, 2),
    urllib3.exceptions.InvalidChunkLength: urllib3.exceptions.InvalidChunkLength(READ, b"x"),  # type: ignore[arg-type]
}


def foreign_errors() -> list[Exception]:
    """One of every class that the libraries underneath can raise."""
    classes = [
        kind
        for module in (docker.errors, requests.exceptions, urllib3.exceptions)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not issubclass(kind, Warning)
    ]
    system = [
        OSError,
        ConnectionResetError,
        BrokenPipeError,
        TimeoutError,
        FileNotFoundError,
        PermissionError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
    ]
    return [made(kind) for kind in dict.fromkeys([*classes, *system])]


def made(kind: type[Exception]) -> Exception:
    """An instance without knowing its arguments, but for those whose text is made of them."""
    if kind in SPECIAL:
        return SPECIAL[kind]
    error = kind.__new__(kind)
    for attribute in ("response", "explanation", "msg", "name", "param"):
        with suppress(AttributeError):
            setattr(error, attribute, None if attribute == "response" else "boom")
    Exception.__init__(error, "boom")
    return error


@pytest.mark.parametrize("error", foreign_errors(), ids=lambda error: type(error).__name__)
def test_every_foreign_error_is_translated_and_has_words(error: Exception) -> None:
    with pytest.raises(PortalError) as caught, edge():
        raise error
    assert f"error.{caught.value.code}" in CATALOGUE


def test_an_error_of_our_own_passes() -> None:
    with pytest.raises(Conflict, match="container_differs"), edge():
        raise Conflict("container_differs", name="x")


def test_a_mistake_in_the_program_is_not_hidden() -> None:
    with pytest.raises(AssertionError), edge():
        raise AssertionError


def answer(status: int, message: str) -> docker.errors.APIError:
    response = requests.Response()
    response.status_code = status
    kind = docker.errors.NotFound if status == 404 else docker.errors.APIError
    return kind("x", response=response, explanation=message)


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (404, "No such container: x", "container_missing"),
        (403, "gate: x: not one of ours", "engine_refused"),
        (413, "gate: body: larger than 1 bytes", "engine_refused"),
        (502, "gate: the engine does not answer", "engine_unreachable"),
        (503, "gate: too many connections", "engine_unreachable"),
        (500, "write /var/lib/x: no space left on device", "engine_disk_full"),
        (403, "driver failed: Address already in use", "address_taken"),
        (500, "requested ip address 10.0.0.9 is already allocated to container ID x", "address_taken"),
        (400, "invalid reference format", "engine_invalid"),
        (500, "something else", "engine_failed"),
        (301, "", "engine_failed"),
    ],
)
def test_an_answer_of_the_engine_becomes_the_error_it_means(status: int, message: str, code: str) -> None:
    subject = Subject(missing=lambda _: NotFound("container_missing", name="x"), address="10.0.0.9")
    assert translate(answer(status, message), subject).code == code


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def odd_engine() -> Iterator[Callable[[bytes], str]]:
    """An engine that gives the same answer to every question."""
    reply: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(reply["bytes"])

    with folder() as home:
        server = Server(str(home / "odd.sock"), Handler)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

        def answering(content: bytes) -> str:
            reply["bytes"] = content
            return f"unix://{home}/odd.sock"

        yield answering
        server.shutdown()
        server.server_close()


CALLS: dict[str, Callable[[DockerContainers], Any]] = {
    "about": lambda c: c.about(),
    "image": lambda c: c.image("x"),
    "images": lambda c: c.images(),
    "pull": lambda c: c.pull("x"),
    "load": lambda c: c.load(b""),
    "start": lambda c: c.start("x"),
    "network": lambda c: c.ensure_network(Network("x", "10.0.0.0/24")),
    "stop": lambda c: c.stop("x"),
    "create": lambda c: c.create(ContainerSpec("x", "y")),
    "remove": lambda c: c.remove("x"),
    "inspect": lambda c: c.inspect("x"),
    "list": lambda c: c.list(),
    "logs": lambda c: c.logs("x"),
    "follow": lambda c: list(c.follow_logs("x", Event())),
    "stats": lambda c: c.stats("x"),
    "events": lambda c: list(c.events(Event())),
}
VERSION = b'{"ApiVersion":"1.41","Version":"1","Components":[]}'


def reply_of(body: bytes, *, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"junk\r\n\r\n",
        reply_of(b""),
        reply_of(b"<html>"),
        reply_of(b"null"),
        reply_of(b"[1]"),
        reply_of(b"{}"),
        reply_of(VERSION[:20]),
        reply_of(b"{}", status=b"500 Oops"),
        reply_of(b"not json", status=b"404 No"),
        reply_of(b'"text"', status=b"400 No"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        reply_of(b'{"message":null}', status=b"409 No"),
        reply_of(VERSION),
        reply_of(VERSION)[:-10],
        reply_of(b"", status=b"301 Moved"),
    ],
)
def test_an_engine_that_answers_nonsense_causes_none_of_ours(
    odd_engine: Callable[[bytes], str],
    call: Callable[[DockerContainers], Any],
    reply: bytes,
) -> None:
    containers = DockerContainers(odd_engine(reply), timeout_seconds=2)
    with suppress(PortalError):
        call(containers)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_an_engine_that_is_gone_is_unreachable(call: Callable[[DockerContainers], Any]) -> None:
    with pytest.raises(Unavailable) as caught:
        call(DockerContainers("unix:///nowhere/engine.sock"))
    assert caught.value.code == "engine_unreachable"
    assert caught.value.is_transient


def test_an_engine_that_hangs_is_given_up_in_time() -> None:
    with folder() as home, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "hang.sock"))
        listener.listen(8)
        with pytest.raises(Unavailable) as caught:
            DockerContainers(f"unix://{home}/hang.sock", timeout_seconds=1).inspect("x")
    assert caught.value.code == "engine_unreachable"


def test_an_engine_that_comes_back_is_used_again(odd_engine: Callable[[bytes], str]) -> None:
    containers = DockerContainers(odd_engine(b""), timeout_seconds=2)
    with pytest.raises(Unavailable):
        containers.about()
    odd_engine(reply_of(VERSION))
    assert containers.about().version == "1"


def test_kinds_are_what_a_worker_needs_to_know() -> None:
    assert isinstance(translate(answer(400, "x"), Subject()), Invalid)
    assert isinstance(translate(answer(403, "gate: x"), Subject()), Refused)
