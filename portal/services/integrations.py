"""What the portal works with: whether each is set up, how it was when it was looked at last, and a look at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from portal.domain.access import EVERYWHERE, Actor, Permission, demand
from portal.domain.errors import Conflict, NotFound, Refused
from portal.domain.health import Check
from portal.services.health import HealthWatch, Probe, outcome

TEST_SECONDS = 10.0
# Which settings concern it; the first one switches it on.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "engine": ("PORTAL_ENGINE", "PORTAL_ENGINE_SOCKET", "PORTAL_NETWORK", "PORTAL_SUBNET"),
    "proxy": ("PORTAL_PROXY", "PORTAL_PROXY_BIND", "PORTAL_PROXY_FOLDER", "PORTAL_PROXY_TRUSTS_FORWARDED_FOR"),
    "database": ("PORTAL_DATABASE_URL",),
    "git": ("GIT_USER_NAME", "GIT_USER_EMAIL"),
    "github": ("GITHUB_TOKEN",),
    "mcp_server": ("MCP_SERVER_PORT", "MCP_MAX_CONNECTIONS", "MCP_TIMEOUT"),
}


@dataclass(frozen=True, slots=True)
class Integration:
    """`check` is None as long as nobody has looked; `age_seconds` is how long ago somebody did."""

    name: str
    is_on: bool
    variables: tuple[str, ...]
    check: Check | None = None
    age_seconds: float = 0.0


class Integrations:
    """`on_demand`: probes of what is looked at only when somebody asks for it, None for what is not set up."""

    def __init__(self, health: HealthWatch, on_demand: Mapping[str, Probe | None]) -> None:
        self._health, self._on_demand = health, on_demand
        self._looks: dict[str, tuple[Check, float]] = {}
        self._asking: set[str] = set()
        self._lock = threading.Lock()

    def all(self, actor: Actor) -> tuple[Integration, ...]:
        demand(actor, Permission.SETTINGS_READ)
        return tuple(self._seen(name) for name in VARIABLES)

    def test(self, actor: Actor, name: str) -> Integration:
        """Look at it now, ten seconds at most.

        NotFound("integration_missing"), Refused("integration_off"), Conflict("integration_busy") while another looks.
        """
        demand(actor, Permission.SETTINGS_READ, EVERYWHERE)
        if name not in VARIABLES:
            raise NotFound("integration_missing", name=name[:40])
        if not self._seen(name).is_on:
            raise Refused("integration_off", name=name, variable=VARIABLES[name][0])
        with self._lock:
            if name in self._asking:
                raise Conflict("integration_busy", name=name)
            self._asking.add(name)
        try:
            self._look(name)
        finally:
            self._asking.discard(name)
        return self._seen(name)

    def _look(self, name: str) -> None:
        probe = self._on_demand.get(name)
        if probe is None:
            self._health.look(timeout_seconds=TEST_SECONDS, only=name)
            return
        begun = time.monotonic()
        check = outcome(probe)
        ended = time.monotonic()
        self._looks[name] = (replace(check, duration_ms=round((ended - begun) * 1000, 1)), ended)

    def _seen(self, name: str) -> Integration:
        is_on = self._on_demand[name] is not None if name in self._on_demand else self._health.is_watched(name)
        found = self._looks.get(name) or self._health.seen(name)
        if found is None or not is_on:
            return Integration(name, is_on, VARIABLES[name])
        check, at = found
        return Integration(name, is_on, VARIABLES[name], check, max(0.0, time.monotonic() - at))
