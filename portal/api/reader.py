"""The documentation at /docs: files that were rendered when the pages were built, and the search in them."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from portal.api.languages import wanted_language
from portal.api.sessions import posted_fields
from portal.domain.access import ANONYMOUS, Actor
from portal.domain.errors import PortalError
from portal.domain.feedback import LONGEST_TEXT, FeedbackOrder
from portal.domain.search import LONGEST_SEARCH
from portal.i18n import LOCALES
from portal.kit.cookies import SESSION_COOKIE
from portal.kit.documents import PAGES
from portal.services.documents import Documents
from portal.wiring import core

ROOT = "/docs"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_NAME = re.compile(r"[a-z0-9-]{1,60}", re.ASCII)
_IMAGE = re.compile(r"[a-z0-9-]{1,60}\.(png|svg)", re.ASCII)
_THANKS, _WAIT, _FAILED = "reader-thanks", "reader-feedback-wait", "reader-feedback-failed"
_files = StaticFiles(directory=PAGES, check_dir=False)
_documents = Documents()


async def start(request: Request) -> Response:
    return RedirectResponse(f"{ROOT}/{_language(request)}", 307)


async def page(request: Request) -> Response:
    """A page in one language; in the reader's own if the address names none, with whatever follows the #."""
    if not await _may_read(request):
        return _to_the_door(request)
    first, name = request.path_params["first"], request.path_params.get("name", "index")
    if first not in LOCALES:
        known = _NAME.fullmatch(first) and name == "index"
        return RedirectResponse(f"{ROOT}/{_language(request)}/{first}" if known else ROOT, 307)
    return await _file(request, first, name if _NAME.fullmatch(name) else "404")


async def image(request: Request) -> Response:
    if not await _may_read(request):
        return _to_the_door(request)
    name = request.path_params["name"]
    if not _IMAGE.fullmatch(name):
        return await _file(request, _language(request), "404")
    return await _files.get_response(f"images/{name}", request.scope)


async def search(request: Request) -> Response:
    """A list of what was found, the best first; empty for no words."""
    if not await _may_read(request):
        return JSONResponse([], 401)
    text = request.query_params.get("text", "")[:LONGEST_SEARCH]
    wanted = request.query_params.get("language", "")
    hits = await asyncio.to_thread(_documents.hits, text, language=wanted if wanted in LOCALES else "")
    return JSONResponse([dataclasses.asdict(hit) for hit in hits])


async def feedback(request: Request) -> Response:
    """A form of a page was posted: back to that page, at the place that says what became of it."""
    if not await _may_read(request):
        return _to_the_door(request)
    posted = await posted_fields(request, "page", "language", "helpful", "text", longest=LONGEST_TEXT)
    if posted is None:
        return RedirectResponse(f"{ROOT}#{_FAILED}", 303)
    fields = posted.fields
    order = FeedbackOrder(fields["page"], fields["language"], fields["helpful"] == "yes", fields["text"])
    outcome = await asyncio.to_thread(_give, order, request.cookies.get(SESSION_COOKIE, "")[:500], posted.address)
    is_page = _NAME.fullmatch(order.page) and order.language in LOCALES
    place = f"{ROOT}/{order.language}/{order.page}" if is_page else ROOT
    return RedirectResponse(f"{place}#{outcome}", 303)


def _give(order: FeedbackOrder, session: str, address: str) -> str:
    """Which part of the page says what became of it."""
    if order.page not in _page_names():
        return _FAILED
    actor = _actor(session)
    try:
        core().support.give(actor, order, source=actor.human if not actor.is_anonymous else address)
    except PortalError as error:
        return _WAIT if error.code in ("feedback_too_often", "feedback_full") else _FAILED
    return _THANKS


def _actor(session: str) -> Actor:
    try:
        return core().identity.actor_of_session(session) if session else ANONYMOUS
    except PortalError:
        return ANONYMOUS


def _page_names() -> frozenset[str]:
    return frozenset(file.stem for file in Path(PAGES, "en").glob("[a-z]*.html"))


async def _file(request: Request, language: str, name: str) -> Response:
    """The page, packed if the browser takes that; the page that says there is none where there is none."""
    place = Path(PAGES, language, f"{name}.html")
    if name == "404" or not await asyncio.to_thread(place.is_file):
        answer = await _packed(request, f"{language}/404.html")
        answer.status_code = 404
    else:
        answer = await _packed(request, f"{language}/{name}.html")
    answer.headers["content-security-policy"] = POLICY
    return answer


async def _packed(request: Request, file: str) -> Response:
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    answer = await _files.get_response(f"{file}.gz" if takes_gzip else file, request.scope)
    if takes_gzip and answer.status_code == 200:
        answer.headers["content-encoding"] = "gzip"
    answer.headers["content-type"] = "text/html; charset=utf-8"
    answer.headers["vary"] = "accept-encoding"
    return answer


def _language(request: Request) -> str:
    kept = request.cookies.get("portal_language", "")
    return kept if kept in LOCALES else wanted_language(request.headers.get("accept-language", ""))


async def _may_read(request: Request) -> bool:
    """Everybody, or whoever is signed in, as the settings say."""
    if core().settings.are_documents_public:
        return True
    try:
        secret = request.cookies.get(SESSION_COOKIE, "")[:500]
        await asyncio.to_thread(core().identity.actor_of_session, secret)
    except PortalError:
        return False
    return True


def _to_the_door(request: Request) -> Response:
    return RedirectResponse(f"/sign-in?{urlencode({'next': request.url.path})}", 303)


routes = (
    Route(ROOT, start),
    Route(f"{ROOT}/search", search),
    Route(f"{ROOT}/feedback", feedback, methods=["POST"]),
    Route(f"{ROOT}/images/{{name}}", image),
    Route(f"{ROOT}/{{first}}", page),
    Route(f"{ROOT}/{{first}}/{{name}}", page),
)
