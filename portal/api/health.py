"""`/healthz`, `/livez` and `/readyz`: answered from what the watch has seen, without waiting for anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from portal.domain.health import Check, Health, HealthStatus

_NEVER_KEPT = {"cache-control": "no-store"}


def document(health: Health) -> dict[str, Any]:
    """The JSON of the requirements: `uptime` in seconds, `duration` in milliseconds."""
    return {
        "status": health.status,
        "timestamp": health.at.isoformat().replace("+00:00", "Z"),
        "uptime": round(health.uptime_seconds, 3),
        "version": health.version,
        "checks": {name: _check(check) for name, check in health.checks.items()},
    }


def routes(report: Callable[[], Health]) -> tuple[Route, ...]:
    """`report` is asked at each request and must answer at once."""

    async def healthz(_request: Request) -> Response:
        health = report()
        status = 503 if health.status is HealthStatus.UNHEALTHY else 200
        return JSONResponse(document(health), status, headers=_NEVER_KEPT)

    async def readyz(_request: Request) -> Response:
        is_ready = report().is_ready
        return PlainTextResponse("ready" if is_ready else "not ready", 200 if is_ready else 503, headers=_NEVER_KEPT)

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("alive", headers=_NEVER_KEPT)

    return (Route("/healthz", healthz), Route("/readyz", readyz), Route("/livez", livez))


def _check(check: Check) -> dict[str, Any]:
    found: dict[str, Any] = {"status": check.status}
    if check.output:
        found["output"] = check.output
    if check.duration_ms is not None:
        found["duration"] = check.duration_ms
    return found
