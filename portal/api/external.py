"""Signing in by another provider: to it and back, by plain addresses, for only those lead from site to site."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal.api.sessions import own_path, signed_in
from portal.domain.errors import PortalError, Refused
from portal.domain.identity import LONGEST_AGENT, Visit
from portal.kit.cookies import SESSION_COOKIE, cookie_value
from portal.services.external_sign_in import Return
from portal.wiring import core

COOKIE, SECONDS = "portal_oidc", 600
_LONGEST = 4_000


async def start(request: Request) -> Response:
    """303 to the provider, with a cookie by which the answer is known to be this browser's; with `fresh=1` it is to
    ask for the password anew.
    """
    asked = request.query_params
    target, ticket = own_path(asked.get("next", "/")), asked.get("ticket", "")[:100]
    try:
        secret, address = await asyncio.to_thread(
            core().external.begin, target, ticket=ticket, is_fresh=asked.get("fresh") == "1"
        )
    except PortalError as error:
        return _back(error)
    answer = RedirectResponse(address, 303)
    is_secure = request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, secret, max_age=SECONDS, httponly=True, samesite="lax", secure=is_secure, path="/auth/oidc"
    )
    return answer


async def callback(request: Request) -> Response:
    """303 to where the person wanted to go, signed in; or to the door with what went wrong."""
    asked = {name: request.query_params.get(name, "")[:_LONGEST] for name in ("state", "code", "iss", "error")}
    back = Return(request.cookies.get(COOKIE, "")[:200], asked["state"], asked["code"], asked["iss"])
    address = request.client.host if request.client else ""
    visit = Visit(address, request.headers.get("user-agent", "")[:LONGEST_AGENT])
    try:
        if asked["error"] or not asked["code"]:
            raise Refused("oidc_declined")
        secret, actor, target = await asyncio.to_thread(core().external.finish, back, visit)
    except PortalError as error:
        return _back(error)
    before = cookie_value(request.headers.get("cookie", ""), SESSION_COOKIE)
    if before:  # the browser forgets it now, and nobody else should find it
        await asyncio.to_thread(core().identity.sign_out, before)
    answer = await signed_in(request, secret, actor, own_path(target))
    answer.delete_cookie(COOKIE, path="/auth/oidc")
    return answer


def _back(error: PortalError) -> Response:
    answer = RedirectResponse(f"/sign-in?{urlencode({'error': error.code})}", 303)
    answer.delete_cookie(COOKIE, path="/auth/oidc")
    return answer


routes = (
    Route("/auth/oidc/start", start, methods=["GET"]),
    Route("/auth/oidc/callback", callback, methods=["GET"]),
)
