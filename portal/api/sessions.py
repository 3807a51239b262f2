"""Signing in and out: plain form posts, so that the secret goes into a cookie no script can read."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal.domain.errors import PortalError
from portal.kit.cookies import SESSION_COOKIE
from portal.wiring import core

_LONGEST = 1_000
_LONGEST_FORM = 8_192
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.~%+@=&?-]{0,300}", re.ASCII)
_SIGN_IN = "/sign-in"


async def sign_in(request: Request) -> Response:
    """303 to `next` with the cookie, or back to the form with the code of what is wrong."""
    if int(request.headers.get("content-length") or 0) > _LONGEST_FORM:
        return _back("form_too_long", "/")
    async with request.form(max_fields=10) as form:
        name, password, wanted = (str(form.get(field) or "")[:_LONGEST] for field in ("name", "password", "next"))
    target = own_path(wanted)
    address = request.client.host if request.client else ""
    try:
        secret, _ = await asyncio.to_thread(core().identity.sign_in, name, password, address=address)
    except PortalError as error:
        return _back(error.code, target, seconds=error.params.get("seconds", ""))
    response = RedirectResponse(target, 303)
    is_secure = request.url.scheme == "https"
    response.set_cookie(SESSION_COOKIE, secret, httponly=True, samesite="lax", secure=is_secure, path="/")
    return response


async def sign_out(request: Request) -> Response:
    secret = request.cookies.get(SESSION_COOKIE, "")
    if secret:
        await asyncio.to_thread(core().identity.sign_out, secret)
    response = RedirectResponse(_SIGN_IN, 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def own_path(wanted: str) -> str:
    """The path if it stays within this portal, else the start page."""
    return wanted if _OWN_PATH.fullmatch(wanted) else "/"


def _back(code: str, target: str, *, seconds: str = "") -> Response:
    told = {"error": code, "next": target} | ({"seconds": seconds} if seconds else {})
    return RedirectResponse(f"{_SIGN_IN}?{urlencode(told)}", 303)


routes = (
    Route("/auth/sign-in", sign_in, methods=["POST"]),
    Route("/auth/sign-out", sign_out, methods=["POST"]),
)
