"""Builds the REST API from its nouns, with its OpenAPI 3.1 description."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from portal import __version__
from portal.api.authentication import SIGNED_IN, permission_of
from portal.api.problems import MEDIA_TYPE, Problem, answer_in_problems
from portal.api.v1 import (
    access,
    approvals,
    audit,
    backups,
    comparisons,
    configuration,
    containers,
    data_stores,
    deployments,
    drift,
    engine,
    environment_life,
    environments,
    integrations,
    log,
    me,
    measures,
    notifications,
    operations,
    releases,
    rollouts,
    scaling,
    search,
    secrets,
    services,
    sessions,
    set_up,
    settings,
    support,
    tokens,
    users,
    views,
)
from portal.api.v1.description import described_apart
from portal.i18n import t
from portal.kit.rest import REST_ROOT

PUBLIC = frozenset({"/openapi.json"})
DELIVERY = (services, environments, releases, deployments, rollouts, approvals, comparisons, measures, views, secrets)
PEOPLE = (users, sessions, tokens, access, me, notifications)
OPERATION = (containers, drift, engine, operations, scaling, data_stores, environment_life, log, integrations)
NOUNS = (*DELIVERY, configuration, search, audit, *PEOPLE, settings, *OPERATION, set_up, support, backups)
_PROBLEM = {"description": "A problem (RFC 9457).", "content": {MEDIA_TYPE: {}}, "model": Problem}
_DESCRIPTION = """\
Send a token as `Authorization: Bearer cfp_…`. Whatever fails is answered with problem details in Chinese or English
(Accept-Language). Lists are paged by `limit` and `offset`; the `Link` header has the neighbours. A POST that acts takes
an `Idempotency-Key`. `X-Request-ID`, given or made, is in the answer, the log and the audit trail."""


def build() -> FastAPI:
    """The application, with paths below `/api/v1`."""
    application = FastAPI(
        title="Codex Father Portal",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        root_path_in_servers=False,
        servers=[{"url": REST_ROOT}],
        responses={"default": _PROBLEM},
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    for route in routes():
        route.summary = t("en", f"rest.{route.name}")
        route.openapi_extra = {"x-permission": demanded(route), "security": [{"token": []}]}
    for noun in NOUNS:
        application.include_router(noun.router)
    answer_in_problems(application)
    _describe(application)
    return application


def routes() -> Iterator[APIRoute]:
    """All routes but the description itself."""
    return (route for noun in NOUNS for route in noun.router.routes if isinstance(route, APIRoute))


def demanded(route: APIRoute) -> str | None:
    """The permission that a route declares, SIGNED_IN for any valid token, None for none at all."""
    found = [permission_of(dependant.call) for dependant in _all(route.dependant)]
    return next((permission for permission in found if permission), None)


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for child in dependant.dependencies:
        yield from _all(child)


def _describe(application: FastAPI) -> None:
    original = application.openapi

    def described() -> dict[str, Any]:
        if application.openapi_schema is None:
            application.openapi_schema = described_apart() if sys.flags.optimize > 1 else _finished(original())
        return application.openapi_schema

    application.openapi = described


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    """With the bearer scheme; wrong fields are problems too, so the framework's own answer for them is left out."""
    components = document["components"]
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "cfp_…"}}
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
            operation["responses"]["default"]["content"] = {MEDIA_TYPE: schema}
    return document


__all__ = ["NOUNS", "PUBLIC", "SIGNED_IN", "build", "demanded", "routes"]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(build().openapi()))
