"""Who sends a request, and the permission that each route declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.params import Depends as DependsMark

from portal.api.attempts import Attempts
from portal.domain.access import Actor, Permission, demand
from portal.domain.errors import Refused
from portal.kit.cookies import SESSION_COOKIE, cookie_value
from portal.wiring import core

SIGNED_IN = "signed_in"  # a route for everybody with a valid token, whatever it may do
LONGEST_SECRET = 500
_OWN_PAGES = frozenset({"same-origin", "none"})

attempts = Attempts()


def permitted(permission: Permission | None) -> DependsMark:
    """A dependency that gives the actor, if they have the permission somewhere; None asks for a valid token alone.

    Services demand it again for the environment concerned.
    """

    def actor(request: Request) -> Actor:
        who = actor_of(request)
        if permission is not None:
            demand(who, permission)
        return who

    actor.permission = permission or SIGNED_IN  # type: ignore[attr-defined]
    return Depends(actor)


def permission_of(call: Callable[..., Any] | None) -> str | None:
    """What a dependency of `permitted` demands; None for any other."""
    return getattr(call, "permission", None)


def actor_of(request: Request) -> Actor:
    """By bearer token; for reading also by the session of the portal's own pages. Refused("not_signed_in")."""
    token = _bearer(request.headers.get("authorization", ""))
    if token:
        return _actor_of_token(request, token)
    secret = _own_session(request)
    if not secret:
        raise Refused("not_signed_in")
    return core().identity.actor_of_session(secret)


def _actor_of_token(request: Request, token: str) -> Actor:
    address = request.client.host if request.client else ""
    attempts.admit(address, token)
    try:
        actor = core().identity.actor_of_token(token)
    except Refused:
        attempts.failed(address, token)
        raise
    attempts.succeeded(token)
    return actor


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip()[:LONGEST_SECRET] if scheme.lower() == "bearer" else ""


def _is_of_own_page(request: Request) -> bool:
    """As the browser says. Over plain http to another machine it says nothing of where a request comes from but the
    Referer, which no page can forge: whoever leaves it out is not let in.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_PAGES
    host = request.headers.get("host", "").lower()
    return bool(host) and urlsplit(request.headers.get("referer", "")).netloc.lower() == host


def _own_session(request: Request) -> str:
    """The secret of the session cookie, when a page of the portal (or the address bar) asks to read."""
    if request.method not in ("GET", "HEAD") or not _is_of_own_page(request):
        return ""
    return cookie_value(request.headers.get("cookie", ""), SESSION_COOKIE)[:LONGEST_SECRET]
