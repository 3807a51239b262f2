"""Answers of the REST API when it cannot do what was asked: problem details (RFC 9457) in the reader's language."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from portal.api.languages import error_sentence, sentence
from portal.domain.errors import Kind, PortalError, Unavailable
from portal.i18n import FALLBACK, catalogue
from portal.kit.context import request_id

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
MOST_FIELDS = 20
log = logging.getLogger(__name__)

STATUS_OF_KIND: dict[Kind, int] = {
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.REFUSED: 409,
    Kind.INVALID: 422,
    Kind.UNAVAILABLE: 503,
}
STATUS_OF_CODE: dict[str, int] = {
    "not_signed_in": 401,
    "token_bad": 401,
    "session_over": 401,
    "not_allowed": 403,
    "approver_is_requester": 403,
    "approver_role": 403,
    "token_scope_too_wide": 403,
    "token_too_narrow": 403,
    "proof_needed": 403,
    "oidc_no_role": 403,
    "too_many_failures": 429,
    "feedback_too_often": 429,
    "request_too_large": 413,
    "request_too_slow": 408,
}
CODE_OF_STATUS: dict[int, str] = {404: "route_missing", 405: "method_not_allowed"}
KIND_OF_STATUS: dict[int, Kind] = {404: Kind.NOT_FOUND}


class FieldProblem(BaseModel):
    """One field that cannot be used."""

    field: str = Field(description="Its path, as in `protection.approvals`.")
    reason: str = Field(description="What is wrong with it, in words.")


class Problem(BaseModel):
    """Why the request was not carried out (RFC 9457). `code` never changes; the words are for people."""

    type: str = Field(description="Where the documentation explains the code, relative to the portal.")
    title: str = Field(description="The kind of problem, in words.")
    status: int
    detail: str = Field(description="What happened and what to do, in the language of Accept-Language (zh or en).")
    instance: str = Field(description="The path that was asked for.")
    code: str = Field(description="What programs may depend on.")
    kind: str = Field(
        default="", description="not_found, conflict, refused, invalid or unavailable; empty for the rest."
    )
    field: str = Field(default="", description="The field of the request that is wrong, if one is.")
    params: dict[str, str] = Field(default_factory=dict, description="What fills in the sentence.")
    errors: list[FieldProblem] = Field(default_factory=list, description="All fields that are wrong.")
    request_id: str = Field(default="", description="The X-Request-ID of this answer: name it when you ask for help.")


def status_of(error: PortalError) -> int:
    return STATUS_OF_CODE.get(error.code) or STATUS_OF_KIND[error.kind]


def problem_of(error: PortalError, instance: str) -> JSONResponse:
    """The answer for an error of the portal."""
    status = status_of(error)
    more = {"kind": str(error.kind), "field": error.params.get("field", "")}
    problem = _problem(status, error.code, instance, error.params)
    return _answer(problem.model_copy(update=more), _headers(error, status))


def _problem(status: int, code: str, instance: str, params: Mapping[str, str]) -> Problem:
    return Problem(
        type=f"/docs/errors#{code}",
        title=sentence(f"problem.title.{status}"),
        status=status,
        detail=error_sentence(code, params),
        instance=instance[:500],
        code=code,
        params=dict(params),
        request_id=request_id.get(),
    )


def _headers(error: PortalError, status: int) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="codex-father"'}
    if "retry_seconds" in error.params:
        return {"Retry-After": error.params["retry_seconds"]}
    is_transient = isinstance(error, Unavailable) and error.is_transient
    return {"Retry-After": str(RETRY_SECONDS)} if is_transient else {}


def _answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    content = problem.model_dump()
    return JSONResponse(content, problem.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


async def _portal_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PortalError)
    return problem_of(error, request.url.path)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = CODE_OF_STATUS.get(error.status_code, "request_bad")
    params = {"path": request.url.path[:200], "method": request.method}
    kind = KIND_OF_STATUS.get(error.status_code, Kind.INVALID)
    problem = _problem(error.status_code, code, request.url.path, params)
    return _answer(problem.model_copy(update={"kind": str(kind)}), error.headers)


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [_field_problem(found) for found in error.errors()[:MOST_FIELDS]]
    params = {"field": fields[0].field, "reason": fields[0].reason}
    problem = _problem(422, "request_field_bad", request.url.path, params)
    more = {"kind": str(Kind.INVALID), "field": fields[0].field, "errors": fields}
    return _answer(problem.model_copy(update=more))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("a request failed unexpectedly", exc_info=error)
    return _answer(_problem(500, "unexpected", request.url.path, {"request_id": request_id.get()}))


def _field_problem(found: Mapping[str, Any]) -> FieldProblem:
    place = found.get("loc", ())
    names = place[1:] if place[:1] in (("body",), ("query",), ("path",), ("header",)) else place
    return FieldProblem(field=".".join(str(name) for name in names) or "body", reason=_reason(found))


def _reason(found: Mapping[str, Any]) -> str:
    key = f"problem.reason.{found.get('type', '')}"
    if key not in catalogue(FALLBACK):
        return str(found.get("msg", ""))[:300]
    return sentence(key, **(found.get("ctx") or {}))


def answer_in_problems(application: FastAPI) -> None:
    """Every failure of the application becomes a problem."""
    application.add_exception_handler(PortalError, _portal_error)
    application.add_exception_handler(HTTPException, _http_error)
    application.add_exception_handler(RequestValidationError, _invalid_request)
    application.add_exception_handler(Exception, _unexpected)
