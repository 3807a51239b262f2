"""What the memory proxy does with one request: which route, which side, which server, and what comes of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from portal.adapters.memory.world import MemoryWorld
from portal.domain.route import AccessRecord, Route, RoutingTable, Server, Slot

LATENCY_SPREAD = 0.35
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request at the door. `user` is what the identity cookie holds, `canary` the X-Portal-Canary header."""

    user: str
    host: str = "localhost"
    path: str = "/"
    method: str = "GET"
    canary: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The side a request goes to, and whether it chose by itself."""

    route: Route
    slot: Slot
    is_forced: bool


@dataclass(frozen=True, slots=True)
class Healthy:
    """The servers of a route that may take requests now."""

    stable: Sequence[Server]
    candidate: Sequence[Server]


def matching_route(table: RoutingTable, request: Request) -> Route | None:
    """The preview address first, then the longest path of this host, then the longest path of any host."""
    host, path = request.host.partition(":")[0].lower(), request.path + "/"
    for route in table.routes:
        if route.preview_host.lower() == host:
            return route
    fitting = [r for r in table.routes if path.startswith(r.path_prefix.rstrip("/") + "/")]
    own = [r for r in fitting if host in (name.lower() for name in r.hosts)]
    common = [r for r in fitting if not r.hosts]
    return max(own or common, key=lambda r: len(r.path_prefix.rstrip("/")), default=None)


def bucket(user: str, route: Route) -> int:
    """0 … 99; the same user always falls into the same one, another one in each service."""
    return int.from_bytes(hashlib.sha256(f"{user}{route.key}".encode()).digest()[:4], "big") % 100


def choice(route: Route, request: Request, *, green_percent: int) -> Choice:
    candidate, host = route.stable_slot.other, request.host.partition(":")[0].lower()
    if request.canary.lower() == "always" or (route.preview_host and host == route.preview_host.lower()):
        return Choice(route, candidate, is_forced=True)
    if request.canary.lower() == "never":
        return Choice(route, route.stable_slot, is_forced=True)
    return Choice(route, Slot.GREEN if bucket(request.user, route) < green_percent else Slot.BLUE, is_forced=False)


class Answers:
    """Answers requests as the containers of the world would: error rate and latency drawn from one seeded source."""

    def __init__(self, world: MemoryWorld, *, seed: int = 1) -> None:
        self._world = world
        self._random = Random(seed)  # noqa: S311

    def answer(self, made: Choice, request: Request, *, healthy: Healthy, at: float) -> AccessRecord:
        """Stable answers for a candidate without healthy servers, and replays its failures where it shields."""
        is_candidate = made.slot is not made.route.stable_slot and bool(healthy.candidate)
        slot = made.slot if is_candidate else made.route.stable_slot
        server = self._pick(healthy.candidate if is_candidate else healthy.stable)
        status, server_ms = self._outcome(server)
        can_replay = made.route.is_shielded and not made.is_forced and request.method in IDEMPOTENT
        is_replayed = is_candidate and status >= 500 and can_replay
        if is_replayed:
            server = self._pick(healthy.stable)
            status, server_ms = self._outcome(server)
        return AccessRecord(
            at=at,
            route=made.route.key,
            slot=slot,
            server=server.name if server else "",
            status=status,
            server_ms=server_ms,
            is_forced=made.is_forced,
            is_replayed=is_replayed,
            method=request.method,
            path=request.path,
        )

    def _pick(self, servers: Sequence[Server]) -> Server | None:
        return self._random.choice(servers) if servers else None

    def _outcome(self, server: Server | None) -> tuple[int, float | None]:
        """Status and time to first byte in milliseconds, which is log-normal about the image's median."""
        container = self._world.at(server.address, server.port) if server else None
        if container is None:
            return 503, None
        behaviour = container.behaviour
        status = 500 if self._random.random() < behaviour.error_rate else 200
        return status, behaviour.latency_ms * math.exp(self._random.gauss(0.0, LATENCY_SPREAD))
