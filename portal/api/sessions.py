"""Signing in and out: plain form posts, so that the secret goes into a cookie no script can read."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal.api.bodies import bounded
from portal.domain.access import Actor
from portal.domain.errors import Invalid, PortalError
from portal.domain.identity import LONGEST_AGENT, invitation_path
from portal.kit.cookies import SESSION_COOKIE
from portal.wiring import core

STEP_COOKIE, STEP_SECONDS = "portal_step", 300
PREFERENCE_SECONDS = 365 * 24 * 3600
_LONGEST = 1_000
_LONGEST_FORM, BYTES_OF_ONE = 2_048, 12  # a character of a form has as many bytes at most
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9/_.~%+@=&?-]{0,300}", re.ASCII)
_SIGN_IN, _CODE, _INVITATION, _ACCOUNT = "/sign-in", "/sign-in/code", "/invitation", "/profile"
_SET_UP = "/set-up"


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields of a form, and where it comes from."""

    fields: dict[str, str]
    address: str
    agent: str

    @property
    def target(self) -> str:
        return own_path(self.fields["next"])


async def sign_in(request: Request) -> Response:
    """303 to `next` with the cookie, to the form for the code, or back to the form with the code of what is wrong."""
    posted = await posted_fields(request, "name", "password", "next")
    if posted is None:
        return _back(_SIGN_IN, Invalid("form_too_long"), "/")
    name, password = posted.fields["name"], posted.fields["password"]
    try:
        secret, actor = await asyncio.to_thread(
            core().identity.sign_in, name, password, address=posted.address, agent=posted.agent
        )
    except PortalError as error:
        return _back(_SIGN_IN, error, posted.target)
    if actor.is_anonymous:
        answer = RedirectResponse(f"{_CODE}?{urlencode({'next': posted.target})}", 303)
        _set_cookie(request, answer, STEP_COOKIE, secret, seconds=STEP_SECONDS)
        return answer
    return await signed_in(request, secret, actor, posted.target)


async def enter_code(request: Request) -> Response:
    """The second step: the code of the authenticator, or a recovery code."""
    posted = await posted_fields(request, "code", "next")
    if posted is None:
        return _back(_CODE, Invalid("form_too_long"), "/")
    step = request.cookies.get(STEP_COOKIE, "")[:_LONGEST]
    try:
        secret, actor = await asyncio.to_thread(
            core().identity.enter_code, step, posted.fields["code"], address=posted.address, agent=posted.agent
        )
    except PortalError as error:
        return _back(_SIGN_IN if error.code == "sign_in_again" else _CODE, error, posted.target)
    answer = await signed_in(request, secret, actor, posted.target)
    answer.delete_cookie(STEP_COOKIE, path="/auth")
    return answer


async def accept_invitation(request: Request) -> Response:
    """Sets the password of whom the link is for, who then signs in with it."""
    posted = await posted_fields(request, "invitation", "name", "password", "again")
    if posted is None:
        return _back(_INVITATION, Invalid("form_too_long"), "/")
    fields = posted.fields
    try:
        if fields["password"] != fields["again"]:
            raise Invalid("passwords_differ", field="again")
        name = await asyncio.to_thread(
            core().identity.accept_invitation, fields["invitation"], fields["password"], address=posted.address
        )
    except PortalError as error:
        return RedirectResponse(f"{invitation_path(fields['name'][:64])}&{urlencode(_told(error))}", 303)
    return RedirectResponse(f"{_SIGN_IN}?{urlencode({'done': 'password_is_set', 'name': name})}", 303)


async def sign_out(request: Request) -> Response:
    secret = request.cookies.get(SESSION_COOKIE, "")
    if secret:
        await asyncio.to_thread(core().identity.sign_out, secret)
    response = RedirectResponse(_SIGN_IN, 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


async def signed_in(request: Request, secret: str, actor: Actor, target: str) -> Response:
    """303 to where the person wanted to go, with the session's cookie and those of their preferences.

    Whoever wants to go nowhere special is led to what has to be done first.
    """
    start = await asyncio.to_thread(_start_of, actor) if target == "/" else target
    answer = RedirectResponse(start, 303)
    _set_cookie(request, answer, SESSION_COOKIE, secret)
    preferences = await asyncio.to_thread(core().identity.preferences, actor)
    for name in ("language", "theme", "zone"):
        value = getattr(preferences, name)
        if value:
            is_secure = request.url.scheme == "https"
            answer.set_cookie(
                f"portal_{name}", value, max_age=PREFERENCE_SECONDS, samesite="lax", secure=is_secure, path="/"
            )
    return answer


def _start_of(actor: Actor) -> str:
    """An administrator of a new portal begins with setting it up; a password that somebody else chose is changed."""
    if core().identity.is_set_up_due(actor):
        return _SET_UP
    return _ACCOUNT if core().identity.user(actor).is_password_temporary else "/"


def _set_cookie(request: Request, answer: Response, name: str, secret: str, *, seconds: int | None = None) -> None:
    path = "/" if name == SESSION_COOKIE else "/auth"
    is_secure = request.url.scheme == "https"
    answer.set_cookie(name, secret, max_age=seconds, httponly=True, samesite="lax", secure=is_secure, path=path)


async def posted_fields(request: Request, *names: str, longest: int = _LONGEST) -> Posted | None:
    """The fields of the form; None if there is more than the portal's own forms can send."""
    try:
        receive = await bounded(request.scope, request.receive, largest_bytes=_LONGEST_FORM + longest * BYTES_OF_ONE)
    except Invalid:
        return None
    async with Request(request.scope, receive).form(max_fields=10) as form:
        fields = {name: str(form.get(name) or "")[:longest] for name in names}
    address = request.client.host if request.client else ""
    return Posted(fields, address, request.headers.get("user-agent", "")[:LONGEST_AGENT])


def own_path(wanted: str) -> str:
    """The path if it stays within this portal, else the start page."""
    return wanted if _OWN_PATH.fullmatch(wanted) else "/"


def _back(path: str, error: PortalError, target: str) -> Response:
    return RedirectResponse(f"{path}?{urlencode({**_told(error), 'next': target})}", 303)


def _told(error: PortalError) -> dict[str, str]:
    """What the page needs to say what is wrong: the code, and the numbers that its sentence fills in."""
    numbers = {name: error.params[name] for name in ("seconds", "limit") if name in error.params}
    return {"error": error.code, **numbers}


routes = (
    Route("/auth/sign-in", sign_in, methods=["POST"]),
    Route("/auth/code", enter_code, methods=["POST"]),
    Route("/auth/invitation", accept_invitation, methods=["POST"]),
    Route("/auth/sign-out", sign_out, methods=["POST"]),
)
