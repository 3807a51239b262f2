"""The REST API as one ASGI application, to be mounted at `/api/v1`. Its parts load with the first request.

So a portal whose REST API nobody uses pays neither memory nor time for it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from functools import cache

from portal.api.bodies import Message, Receive, Scope, Send, bounded
from portal.api.languages import language, language_of
from portal.domain.errors import PortalError
from portal.kit.context import working_for

Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
log = logging.getLogger(__name__)


@cache
def _resources() -> Application:
    from portal.api.v1.application import build

    return build()


async def rest(scope: Scope, receive: Receive, send: Send) -> None:
    """Names the request for log and audit, takes its body, and hands it to the resources."""
    if scope["type"] != "http":
        await _refuse_websocket(scope, receive, send)
        return
    headers = {name.lower(): value for name, value in scope["headers"]}
    name = _request_name(headers.get(b"x-request-id", b"").decode("latin-1"))
    language.set(language_of(headers))
    with working_for(request=name):
        await _answer(scope, receive, _with_headers(send, name))


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    resources = await asyncio.to_thread(_resources)
    try:
        whole = await bounded(scope, receive)
    except PortalError as error:
        from portal.api.problems import problem_of

        await problem_of(error, scope["path"])(scope, receive, send)
        return
    try:
        await resources(scope, whole, send)
    except Exception:
        # It was answered as a problem and logged; the server's own layers raise it once more for nobody.
        log.exception("a request of the REST API ended early")


def _request_name(given: str) -> str:
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _with_headers(send: Send, name: str) -> Send:
    more = [(b"x-request-id", name.encode()), (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending


async def _refuse_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4404})
