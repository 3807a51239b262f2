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
from portal.wiring import core


@dataclass(frozen=True, slots=True)
class Identified:
    """`digest` stands for the session without giving its secret away; empty for nobody."""

    digest: str
    actor: Actor


NOBODY = Identified("", ANONYMOUS)


async def identify(router_data: Mapping[str, Any]) -> Identified:
    """The person of the cookie; nobody for none, an unknown, an expired or a revoked one.

    The server itself puts the headers of the handshake there; what a client sends under that name is not looked at.
    """
    headers = router_data.get("headers")
    header = headers.get("cookie", "") if isinstance(headers, Mapping) else ""
    secret = cookie_value(str(header or ""), SESSION_COOKIE)
    if not secret:
        return NOBODY
    try:
        actor = await asyncio.to_thread(core().identity.actor_of_session, secret)
    except Unavailable:
        raise
    except PortalError:
        return NOBODY
    return Identified(hashlib.sha256(secret.encode()).hexdigest(), actor)
