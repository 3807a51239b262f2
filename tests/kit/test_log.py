"""The log is JSON with the request it belongs to, its level can be changed, and no secret is in it, whoever logs."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import log, redaction
from portal.kit.context import working_for
from portal.kit.redaction import conceal, redacted

SECRET = "hunter2-correct-horse"
_log = logging.getLogger("portal.test")


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    monkeypatch.setattr(redaction, "_concealed", [])
    stream = io.StringIO()
    log.configure("info", stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(stream: io.StringIO):
    _log.warning("two\nlines", extra={"loop": "traffic", "count": 3, "none": None})
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    about = {"level": "warn", "logger": "portal.test", "message": "two\nlines"}
    assert line == {**about, "loop": "traffic", "count": 3, "none": None}


def test_a_line_names_its_request_and_operation_also_in_threads(stream: io.StringIO):
    async def handle() -> None:
        with working_for(request="r-1", operation=7):
            await asyncio.to_thread(_log.info, "inside")
        _log.info("outside")

    asyncio.run(handle())
    inside, outside = lines(stream)
    assert (inside["request_id"], inside["operation_id"]) == ("r-1", "7")
    assert "request_id" not in outside


def test_the_level_is_changed_while_running(stream: io.StringIO):
    _log.debug("quiet")
    log.set_level("debug")
    _log.debug("heard")
    log.set_level("error")
    _log.warning("quiet")
    assert [line["message"] for line in lines(stream)] == ["heard"]
    assert log.current_level() == "error"
    with pytest.raises(KeyError):
        log.set_level("loud")


def test_an_exception_is_in_the_line_without_its_secrets(stream: io.StringIO):
    try:
        raise RuntimeError(f"connecting to postgresql://portal:{SECRET}@db/portal")
    except RuntimeError:
        _log.exception("failed")
    (line,) = lines(stream)
    assert "RuntimeError" in line["error"]
    assert SECRET not in stream.getvalue()


def test_handlers_of_libraries_write_past_nothing(stream: io.StringIO):
    other = logging.getLogger("somebody.else")
    other.addHandler(logging.StreamHandler())
    other.propagate = False
    log.configure("info", stream=stream)
    other.info("Cookie: portal_session=%s", SECRET)
    assert SECRET not in stream.getvalue()
    assert len(lines(stream)) == 1


def test_arguments_that_do_not_fit_lose_no_line():
    about = {"msg": "%d things", "args": ("three",), "name": "x", "levelno": logging.INFO}
    line = json.loads(log.JsonLines().format(logging.makeLogRecord(about)))
    assert line["message"] == "%d things"


def test_a_huge_text_is_cut(stream: io.StringIO):
    _log.info("x" * 1_000_000)
    assert len(stream.getvalue()) < 10_000


def test_an_event_that_a_library_logs_whole_keeps_its_cookie_to_itself(stream: io.StringIO):
    headers = {"host": "x", "cookie": f"theme=dark; portal_session={SECRET}", "user-agent": "it's me"}
    event = {"name": "state.unknown", "router_data": {"headers": headers, "raw": [(b"cookie", SECRET.encode())]}}
    _log.error("No handler for %s", event)
    _log.error("No handler for %s", json.dumps({"headers": headers}))
    _log.error("event", extra={"event": event, "cookie": SECRET, "Authorization": SECRET})
    assert SECRET not in stream.getvalue()
    assert "it's me" in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"Cookie: a=b; portal_session={SECRET}",
        f"cookie: {SECRET}\r\nhost: x",
        f"Set-Cookie: portal_session={SECRET}; HttpOnly",
        f"Authorization: Bearer {SECRET}",
        f"authorization=Basic {SECRET}",
        f"{{'authorization': 'Bearer {SECRET}'}}",
        f'{{"password": "{SECRET}"}}',
        f"password={SECRET}&next=/",
        f"GET /x?token={SECRET}&y=1",
        f"GITHUB_TOKEN={SECRET}",
        f"GITHUB_TOKEN='{SECRET}'",
        f"db_password: {SECRET}",
        f"sent Bearer {SECRET}",
        f"redis://:{SECRET}@h:1/0",
        f"postgresql+psycopg://u:{SECRET}@h/d",
        "cfp_hunter2correcthorse",
        "ghp_hunter2correcthorse0000000000",
        "github_pat_hunter2correcthorse",
        "eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2correcthorse",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
        f"[(b'cookie', b'portal_session={SECRET}'), (b'host', b'x')]",
    ],
)
def test_secrets_are_told_by_their_form(text: str):
    shown = redacted(text)
    assert "hunter2" not in shown
    assert "horse" not in shown
    assert "…" in shown


@pytest.mark.parametrize(
    "text", ["rollout 7 started", "http://localhost:3000/x?y=1", "image sha256:" + "ab" * 32, "3 tokens left", "é 理由"]
)
def test_what_is_no_secret_stays(text: str):
    assert redacted(text) == text


def test_secrets_of_the_settings_are_known_by_value(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(redaction, "_concealed", [])
    conceal([SECRET, None, "", "abc"])
    assert redacted(f"found {SECRET} in abc") == "found … in abc"


@given(st.text(max_size=300))
def test_redacting_again_changes_nothing(text: str):
    once = redacted(text)
    assert redacted(once) == once


EVIL = (
    "password=",
    "cookie'",
    "a:b@",
    "://a:b",
    '"\\\\',
    "token",
    "-----BEGIN ",
    "eyJaaaaaaaa.",
    "bearer ",
    "a-",
    "a.",
)


def test_redacting_is_quick_on_text_made_to_be_slow():
    done = threading.Event()

    def redact() -> None:
        for evil in EVIL:
            redacted(evil * (16_000 // len(evil)))
        done.set()

    threading.Thread(target=redact, daemon=True).start()
    assert done.wait(10), "a pattern needs more than linear time"
