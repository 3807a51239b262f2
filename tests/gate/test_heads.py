"""The request line and headers: only one plain form is read, so that nothing can be read in two ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.gate.heads import HEAD_MAX, parse_head
from portal.gate.refusals import Refusal


def head(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def test_a_plain_request_is_read() -> None:
    request = parse_head(head("POST /v1.41/containers/create?name=a%20b&x= HTTP/1.1", "Host: d", "Content-Length: 12"))
    assert (request.method, request.version, request.path) == ("POST", "/v1.41", "/containers/create")
    assert request.length == 12
    assert request.query == {"name": "a b", "x": ""}


def test_a_digest_in_a_path_may_be_escaped() -> None:
    assert parse_head(head("GET /v1.41/images/a%40sha256%3Ab/json HTTP/1.1")).path == "/images/a@sha256:b/json"


@pytest.mark.parametrize(
    "start",
    [
        "GET http://engine/v1.41/info HTTP/1.1",
        "GET //info HTTP/1.1",
        "GET  /info HTTP/1.1",
        "GET /info  HTTP/1.1",
        "GET /info",
        "GET /info HTTP/2",
        "GET /info HTTP/1.1 x",
        "get /info HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "CONNECT engine:80 HTTP/1.1",
        "PATCH /info HTTP/1.1",
        "GET\t/info HTTP/1.1",
        "GET /in\x0bfo HTTP/1.1",
        "GET /containers/../info HTTP/1.1",
        "GET /%69nfo HTTP/1.1",
        "GET /containers/x/./json HTTP/1.1",
        "GET /containers/x%2f..%2fy/json HTTP/1.1",
        "GET /info;x HTTP/1.1",
        "GET /in\\fo HTTP/1.1",
        "GET /info?a=1&a=2 HTTP/1.1",
        "GET /info?a=1&A=2 HTTP/1.1",
        "GET /info?a HTTP/1.1",
        "GET /info?a=%ff HTTP/1.1",
        "GET /ınfo HTTP/1.1".encode().decode("latin-1"),
        "PRI * HTTP/2.0",
    ],
)
def test_a_doubtful_request_line_is_refused(start: str) -> None:
    with pytest.raises(Refusal):
        parse_head(head(start, "Host: d"))


@pytest.mark.parametrize(
    "lines",
    [
        ["Transfer-Encoding: chunked"],
        ["transfer-encoding : chunked"],
        ["TRANSFER-ENCODING: identity"],
        ["Content-Length: 1", "Content-Length: 1"],
        ["Content-Length: 1", "content-length: 2"],
        ["Content-Length: 1, 1"],
        ["Content-Length: -1"],
        ["Content-Length: +1"],
        ["Content-Length: 0x10"],
        ["Content-Length: 1_0"],
        ["Content-Length: ١"],
        ["Content-Length:"],
        ["Upgrade: tcp"],
        ["Expect: 100-continue"],
        ["Host: a", "Host: b"],
        ["X: a", " folded"],
        ["X: a", "\tfolded"],
        ["no colon"],
        [": empty"],
        ["X y: z"],
        ["X: a\nY: b"],
        ["X: a\rY: b"],
        ["X: \x00"],
        ["X: \x7f"],
        [f"X-{n}: y" for n in range(100)],
        ["X: " + "y" * HEAD_MAX],
        ["Content-Encoding: gzip"],
    ],
)
def test_a_doubtful_header_is_refused(lines: list[str]) -> None:
    raw = "\r\n".join(["POST /v1.41/containers/create?name=a HTTP/1.1", *lines]) + "\r\n\r\n"
    with pytest.raises(Refusal):
        parse_head(raw.encode("utf-8"))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    try:
        request = parse_head(b"GET /" + junk + b"\r\n\r\n")
    except Refusal:
        return
    assert ".." not in request.path
    assert "%" not in request.path
    assert not {"\r", "\n", " "} & set(request.target(request.path, request.query))
