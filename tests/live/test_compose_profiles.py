"""The profiles of docker-compose.yml together: database, Redis, workers apart, monitoring that sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.live.stack import Stack, free_port, part_image

PARTS = ("postgres", "redis", "prometheus", "alertmanager")
PROFILES = ("postgres", "redis", "worker", "monitoring")
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.req("REQ-P3-005")]


class WholeStack(Stack):
    def __init__(self) -> None:
        self.monitor_port = free_port()
        settings = {f"{name.upper()}_IMAGE": part_image(name) for name in PARTS}
        settings |= {
            "PORTAL_ROLE": "web",
            "POSTGRES_PASSWORD": "of-a-test",
            "PORTAL_DATABASE_URL": "postgresql://portal:of-a-test@postgres/portal",
            "PORTAL_REDIS_URL": "redis://redis:6379",
            "PORTAL_SECRET_KEY": "ab" * 32,
            "PROMETHEUS_PUBLISH": f"127.0.0.1:{self.monitor_port}",
            "ALERTMANAGER_PUBLISH": f"127.0.0.1:{free_port()}",
        }
        super().__init__("all", "10.213.41.0/24", "10.213.41.128/25", **settings)
        self.program += [word for name in PROFILES for word in ("--profile", name)]

    def query(self, sql: str) -> str:
        return self.compose("exec", "-T", "postgres", "psql", "-U", "portal", "-d", "portal", "-Atc", sql).strip()

    def monitored(self, what: str) -> dict[str, Any]:
        try:
            return httpx.get(f"http://127.0.0.1:{self.monitor_port}/api/v1/{what}", timeout=5).json()["data"]
        except httpx.TransportError:
            return {}


@pytest.fixture(scope="module")
def whole(image: dict[str, Any]) -> Iterator[WholeStack]:
    made = WholeStack()
    try:
        made.compose("up", "--detach", "--no-build", "postgres", "redis")
        made.until(lambda: made.is_healthy("postgres") and made.is_healthy("redis"))
        made.compose("up", "--detach", "--no-build")
        made.until(lambda: made.is_healthy("portal"))
        yield made
    finally:
        made.close()


def test_pages_and_work_are_two_processes_on_one_database(whole: WholeStack) -> None:
    whole.until(lambda: '"healthy"' in whole.answer(whole.portal_port, "/healthz"))
    assert whole.query("SELECT name FROM portal_user") == "admin"
    clients = "SELECT count(DISTINCT client_addr) FROM pg_stat_activity WHERE client_addr IS NOT NULL"
    whole.until(lambda: whole.query(clients) == "2")
    for service in ("portal", "worker"):
        assert whole.container(service)["RestartCount"] == 0, service


def test_the_portal_reaches_its_database_and_its_redis(whole: WholeStack) -> None:
    script = "codex-portal doctor --group portal --json || true"
    told = json.loads(whole.compose("exec", "-T", "portal", "sh", "-c", script))
    found = {check["name"]: check["status"] for check in told["checks"]}
    assert (found["database"], found["redis"]) == ("pass", "pass"), told


def test_the_monitoring_scrapes_the_portal_and_knows_whom_to_tell(whole: WholeStack) -> None:
    def is_scraped() -> bool:
        targets = whole.monitored("targets").get("activeTargets", [])
        return [target["health"] for target in targets] == ["up"]

    whole.until(is_scraped)
    names = {alert["name"] for group in whole.monitored("rules")["groups"] for alert in group["rules"]}
    assert {"PortalDown", "PortalMemory"} <= names
    assert all(rule["health"] != "err" for group in whole.monitored("rules")["groups"] for rule in group["rules"])
    whole.until(lambda: len(whole.monitored("alertmanagers").get("activeAlertmanagers", [])) == 1)
    found = whole.monitored("query?query=codex_memory_usage_bytes")
    assert float(found["result"][0]["value"][1]) > 1e6
