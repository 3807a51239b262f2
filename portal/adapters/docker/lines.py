"""Log lines and events out of the engine's byte streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from portal.adapters.docker.reports import moment
from portal.domain.container import ContainerLogLine

HEADER_BYTES = 8
LINE_MAX = 65_536
STREAMS = {0: "stdin", 1: "stdout", 2: "stderr"}


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Stream name and payload of each frame of the engine's multiplexed format (8 bytes of header, then payload)."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= HEADER_BYTES and len(held) >= (end := HEADER_BYTES + int.from_bytes(held[4:8])):
            yield STREAMS.get(held[0], "stdout"), bytes(held[HEADER_BYTES:end])
            del held[:end]


def log_lines(pieces: Iterable[bytes]) -> Iterator[ContainerLogLine]:
    """Whole lines. A line that the engine cut into several frames is put together again, up to 64 KiB."""
    held: dict[str, tuple[datetime | None, str]] = {}
    for stream, payload in frames(pieces):
        at, text = _stamped(payload)
        began, before = held.pop(stream, (at, ""))
        text = (before + text)[:LINE_MAX]
        if not payload.endswith(b"\n") and len(text) < LINE_MAX:
            held[stream] = (began, text)
        else:
            yield ContainerLogLine(began, stream, text.rstrip("\r\n"))
    for stream, (at, text) in held.items():
        yield ContainerLogLine(at, stream, text)


def plain_lines(pieces: Iterable[bytes]) -> Iterator[ContainerLogLine]:
    """Lines without times, as a command prints them; of one that is too long the end is kept."""
    held: dict[str, bytes] = {}
    for stream, payload in frames(pieces):
        *whole, rest = (held.get(stream, b"") + payload).split(b"\n")
        held[stream] = rest[-LINE_MAX:] if len(rest) > LINE_MAX else rest
        yield from (_plain(stream, line) for line in whole)
    yield from (_plain(stream, rest) for stream, rest in held.items() if rest)


def _plain(stream: str, line: bytes) -> ContainerLogLine:
    return ContainerLogLine(None, stream, line[:LINE_MAX].decode("utf-8", "replace").rstrip("\r"))


def _stamped(payload: bytes) -> tuple[datetime | None, str]:
    stamp, _, text = payload.decode("utf-8", "replace").partition(" ")
    try:
        return moment(stamp), text
    except ValueError:
        return None, f"{stamp} {text}"


def documents(pieces: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a stream, one a line."""
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        yield from (json.loads(line) for line in whole if line.strip())
    if held.strip():
        yield json.loads(held)
