"""Wraps the whole application: only the portal's own pages may change anything, and every answer says how to be used.

Websockets and unsafe methods need an Origin whose host is the host that was asked. A request without cookie and Origin
comes from a program, not from a browser that somebody lured here: it carries no authority but what it shows itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from portal.api.languages import language_of
from portal.api.policy_header import content_security_policy
from portal.i18n import t

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_YEAR = b"public, max-age=31536000, immutable"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class SameOrigin:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
        elif is_foreign(scope):
            await _refuse(scope, receive, send)
        else:
            await self._application(scope, receive, _with_headers(scope, send))


def is_foreign(scope: Scope) -> bool:
    """Whether a request that could change something comes from elsewhere than the portal's own pages."""
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return False
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is None:
        return scope["type"] == "websocket" or b"cookie" in headers
    host = headers.get(b"host", "")
    return not host or urlsplit(origin).netloc.lower() != host.lower()


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403})
        return
    text = t(language_of({name.lower(): value for name, value in scope["headers"]}), "web.foreign_request")
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_ALWAYS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *_headers(scope, message)]}
        await send(message)

    return sending


def _headers(scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
    given = {name.lower(): value for name, value in message["headers"]}
    headers = [pair for pair in _ALWAYS if pair[0] not in given]
    if given.get(b"content-type", b"").startswith(b"text/html") and b"content-security-policy" not in given:
        headers.append((b"content-security-policy", content_security_policy().encode()))
    if b"cache-control" not in given:
        is_hashed = scope["path"].startswith("/assets/") and message["status"] == 200
        headers.append((b"cache-control", _YEAR if is_hashed else b"no-cache"))
    return headers
