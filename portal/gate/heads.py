"""One HTTP request, read in the only form the gate accepts."""

from __future__ import annotations

import re
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from portal.gate.refusals import Refusal

HEAD_MAX = 16_384
HEADERS_MAX = 64
QUERY_MAX = 8_192

_start = re.compile(r"(GET|HEAD|POST|PUT|DELETE) (/[!-~]*) HTTP/1\.[01]", re.ASCII)
_header = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*([\t -~]*?)[ \t]*", re.ASCII)
_version = re.compile(r"/v1\.[4-9]\d(?=/)", re.ASCII)
_forbidden = frozenset({"transfer-encoding", "upgrade", "expect", "trailer", "te", "content-encoding"})


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is without the version, `query` has each name once. The body is still to be read: `length` bytes."""

    method: str
    path: str
    query: dict[str, str]
    length: int
    version: str = ""
    registry_auth: str = ""

    def target(self, path: str, query: dict[str, str]) -> str:
        return self.version + path + ("?" + urlencode(query) if query else "")


async def read_request(reader: StreamReader) -> Request | None:
    """The next request; None if the client went away without a word."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except IncompleteReadError as error:
        if error.partial:
            raise Refusal("head: not complete", status=400) from None
        return None
    except LimitOverrunError:
        raise Refusal("head: too large", status=431) from None
    return parse_head(head)


def parse_head(head: bytes) -> Request:
    """Refuses every doubtful form: bare line ends, folded lines, framing headers, absolute targets, other bytes."""
    start, *lines = head[:-4].decode("latin-1").split("\r\n")
    found = _start.fullmatch(start)
    if not found or len(head) > HEAD_MAX or len(lines) > HEADERS_MAX:
        raise Refusal("head: malformed", status=400)
    headers = _headers(lines)
    path, _, query = found[2].partition("?")
    version = _version.match(path)
    prefix = version[0] if version else ""
    return Request(
        found[1],
        _path(path[len(prefix) :]),
        _query(query),
        _length(headers),
        prefix,
        headers.get("x-registry-auth", ""),
    )


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        found = _header.fullmatch(line)
        if not found:
            raise Refusal("header: malformed", status=400)
        name = found[1].lower()
        if name in _forbidden or name in headers:
            raise Refusal(f"header: {name} not allowed", status=400)
        headers[name] = found[2]
    return headers


def _length(headers: dict[str, str]) -> int:
    value = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,12}", value, re.ASCII):
        raise Refusal("header: content-length", status=400)
    return int(value)


def _path(path: str) -> str:
    path = path.replace("%40", "@").replace("%3A", ":")
    if any(part in path for part in ("%", "//", "..", "/./", ";", "\\")):
        raise Refusal("path: not plain")
    return path


def _query(query: str) -> dict[str, str]:
    try:
        if len(query) > QUERY_MAX:
            raise Refusal("query: too long")
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict") if query else []
    except ValueError:
        raise Refusal("query: malformed") from None
    if len({name.casefold() for name, _ in pairs}) != len(pairs):
        raise Refusal("query: a name twice")
    return dict(pairs)
