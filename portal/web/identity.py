"""Who is behind a tab: the session cookie of the websocket's handshake, looked up on the server every time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.access import ANONYMOUS, Actor
from portal.domain.errors import PortalError, Unavailable
from portal.kit.cookies import SESSION_COOKIE, cookie_value
from portal.web.shared import FRESH_SECONDS, Shared
from portal.wiring import core


@dataclass(frozen=True, slots=True)
class Identified:
    """`digest` stands for the session without giving its secret away; empty for nobody."""

    digest: str
    actor: Actor


NOBODY = Identified("", ANONYMOUS)
_looks: Shared[Identified] = Shared()


async def identify(router_data: Mapping[str, Any]) -> Identified:
    """The person of the cookie; nobody for none, an unknown, an expired or a revoked one.

    The server itself puts the headers of the handshake there; what a client sends under that name is not looked at.
    """
    secret = _secret(router_data)
    return await asyncio.to_thread(_person, secret, _digest(secret)) if secret else NOBODY


async def identify_soon(router_data: Mapping[str, Any], *, fresh_seconds: float = FRESH_SECONDS) -> Identified:
    """The same for live pages: it may be so old, so that the many tabs of a session cause one look."""
    secret = _secret(router_data)
    if not secret:
        return NOBODY
    digest = _digest(secret)
    return await _looks.get((core().identity, digest), 0, lambda: _person(secret, digest), fresh_seconds=fresh_seconds)


def _secret(router_data: Mapping[str, Any]) -> str:
    headers = router_data.get("headers")
    header = headers.get("cookie", "") if isinstance(headers, Mapping) else ""
    return cookie_value(str(header or ""), SESSION_COOKIE)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _person(secret: str, digest: str) -> Identified:
    try:
        return Identified(digest, core().identity.actor_of_session(secret))
    except Unavailable:
        raise
    except PortalError:
        return NOBODY
