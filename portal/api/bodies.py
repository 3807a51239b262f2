"""Takes a request's body in one piece, bounded in size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from portal.domain.errors import Invalid

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST_BYTES = 1_048_576
LONGEST_SECONDS = 30.0


async def bounded(scope: Scope, receive: Receive, *, largest_bytes: int = LARGEST_BYTES) -> Receive:
    """A `receive` that has the whole body. Invalid("request_too_large") past 1 MiB or what is given,
    Invalid("request_too_slow") past 30 seconds.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > largest_bytes:
        raise _too_large(largest_bytes)
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            first = await _whole(receive, largest_bytes)
    except TimeoutError:
        raise Invalid("request_too_slow", seconds=int(LONGEST_SECONDS)) from None
    return _again(first, receive)


async def _whole(receive: Receive, largest_bytes: int) -> Message:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > largest_bytes:
            raise _too_large(largest_bytes)
        if not message.get("more_body", False):
            return {"type": "http.request", "body": bytes(body), "more_body": False}


def _too_large(largest_bytes: int) -> Invalid:
    return Invalid("request_too_large", limit=largest_bytes // 1024)


def _again(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiving
