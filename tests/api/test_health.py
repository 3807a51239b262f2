"""The answers of the health addresses have the form of the requirements, and come at once."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from portal.api.health import routes
from portal.domain.health import Check, CheckStatus
from portal.services.health import HealthWatch

CHECK = {
    "type": "object",
    "required": ["status"],
    "additionalProperties": False,
    "properties": {
        "status": {"enum": ["pass", "fail", "warn"]},
        "output": {"type": "string"},
        "duration": {"type": "number"},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["status", "timestamp", "uptime", "version", "checks"],
    "additionalProperties": False,
    "properties": {
        "status": {"enum": ["healthy", "unhealthy", "degraded"]},
        "timestamp": {"type": "string"},
        "uptime": {"type": "number"},
        "version": {"type": "string"},
        "checks": {
            "type": "object",
            "required": ["database", "git", "mcp_server", "file_system", "network"],
            "additionalProperties": CHECK,
        },
    },
}


class SystemTime:
    def now(self) -> datetime:
        return datetime.now(UTC)


def watch(**outcomes: CheckStatus) -> HealthWatch:
    names = ("database", "git", "file_system", "network", "engine", "proxy", "workers")
    probes: dict[str, Any] = {n: lambda n=n: Check(outcomes.get(n, CheckStatus.PASS), "seen") for n in names}
    return HealthWatch(SystemTime(), {**probes, "mcp_server": None})


async def ask(watch: HealthWatch, path: str) -> Response:
    transport = ASGITransport(app=Starlette(routes=routes(watch.report)))
    async with AsyncClient(transport=transport, base_url="http://portal") as client:
        return await client.get(path)


@pytest.mark.parametrize(
    ("outcomes", "status", "code"),
    [
        ({}, "healthy", 200),
        ({"engine": CheckStatus.FAIL}, "degraded", 200),
        ({"database": CheckStatus.FAIL}, "unhealthy", 503),
    ],
)
async def test_the_health_of_the_whole_is_told_in_the_agreed_form(
    outcomes: dict[str, CheckStatus], status: str, code: int
):
    seen = watch(**outcomes)
    seen.look()
    answer = await ask(seen, "/healthz")
    jsonschema.validate(answer.json(), SCHEMA)
    assert (answer.json()["status"], answer.status_code) == (status, code)
    assert datetime.fromisoformat(answer.json()["timestamp"]).tzinfo is not None
    assert answer.json()["checks"]["mcp_server"] == {"status": "pass", "output": "disabled"}


async def test_a_portal_without_its_database_lives_but_is_not_ready():
    seen = watch(database=CheckStatus.FAIL)
    seen.look()
    assert (await ask(seen, "/livez")).status_code == 200
    assert (await ask(seen, "/readyz")).status_code == 503


async def test_a_portal_without_its_engine_is_ready():
    seen = watch(engine=CheckStatus.FAIL)
    seen.look()
    assert (await ask(seen, "/readyz")).status_code == 200


async def test_an_answer_takes_less_than_twenty_milliseconds():
    seen = watch()
    seen.look()
    application, durations = Starlette(routes=routes(seen.report)), []
    async with AsyncClient(transport=ASGITransport(app=application), base_url="http://portal") as client:
        for _ in range(50):
            begun = time.perf_counter()
            json.loads((await client.get("/healthz")).content)
            durations.append(time.perf_counter() - begun)
    assert sorted(durations)[25] < 0.02
