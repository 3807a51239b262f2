"""Talking to the engine's socket: a short question with a JSON answer, or a reply handed on as it comes."""

from __future__ import annotations

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from portal.gate.refusals import EngineSilent

ANSWER_MAX = 8 * 1024 * 1024
ASK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the engine gets it. With `length` the body follows by itself, that many bytes."""

    method: str
    target: str
    body: bytes = b""
    headers: tuple[str, ...] = ()
    content_type: str = "application/json"
    protocol: str = "HTTP/1.1"
    length: int | None = None

    def head(self) -> bytes:
        length = len(self.body) if self.length is None else self.length
        lines = (
            f"{self.method} {self.target} {self.protocol}",
            "Host: engine",
            "Connection: close",
            *self.headers,
            f"Content-Type: {self.content_type}",
            f"Content-Length: {length}",
            "",
            "",
        )
        return "\r\n".join(lines).encode("ascii")


class Engine:
    """The engine behind the gate; one connection for each call. EngineSilent when it does not answer."""

    def __init__(self, path: str) -> None:
        self.path = path

    @asynccontextmanager
    async def send(self, call: Call) -> AsyncGenerator[tuple[StreamReader, StreamWriter]]:
        """The connection after the head (and the body, if the call holds it) was sent."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.path, limit=1 << 18)
        except OSError as error:
            raise EngineSilent(str(error)) from None
        try:
            writer.write(call.head() + call.body)
            await writer.drain()
            yield reader, writer
        finally:
            writer.close()

    async def ask(
        self, method: str, target: str, *, body: bytes = b"", content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """Status and JSON of the answer, which is None if it is not JSON."""
        call = Call(method, target, body, content_type=content_type, protocol="HTTP/1.0")
        try:
            async with asyncio.timeout(ASK_SECONDS), self.send(call) as (reader, _):
                answer = await _read_all(reader)
        except (TimeoutError, ConnectionError) as error:
            raise EngineSilent(type(error).__name__) from None
        return _parse(answer)


async def _read_all(reader: StreamReader) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await reader.read(65_536):
        size += len(part)
        if size > ANSWER_MAX:
            raise EngineSilent("answer too large")
        parts.append(part)
    return b"".join(parts)


def _parse(answer: bytes) -> tuple[int, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    try:
        status = int(head.split(b" ", 2)[1])
    except (IndexError, ValueError):
        raise EngineSilent("no HTTP answer") from None
    try:
        return status, json.loads(body)
    except ValueError:
        return status, None
