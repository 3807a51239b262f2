"""The port `traffic` in memory: part of the product, for tests and for a demonstration without a proxy."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime

from portal.adapters.memory.requests import Answers, Healthy, Request, choice, matching_route
from portal.adapters.memory.world import MemoryWorld
from portal.domain.errors import Conflict, Unavailable
from portal.domain.route import (
    AccessRecord,
    Deviation,
    Route,
    RoutingTable,
    Server,
    ServerFact,
    ServerState,
    Slot,
    TrafficFacts,
)

CHECKS_TO_PASS = 2


@dataclass(frozen=True, slots=True)
class _Member:
    """A server the proxy knows. `checks` counts checks passed in a row before its admission."""

    slot: Slot
    server: Server
    is_admitted: bool = False
    checks: int = 0
    drained_since: datetime | None = None


class MemoryTraffic:
    """Implements `portal.ports.traffic.Traffic` on a `MemoryWorld`; safe to use from several threads.

    Each `apply` makes one check of every server that waits at the gate; two passed in a row admit it. A server that is
    no longer wanted goes when its held sessions have ended, or at its drain limit by the world's clock.
    """

    def __init__(self, world: MemoryWorld, *, seed: int = 1) -> None:
        self.world = world
        self.is_alive = True
        self._lock = threading.RLock()
        self._table = RoutingTable(0, ())
        self._green: dict[str, int] = {}
        self._members: dict[str, dict[str, _Member]] = {}
        self._sessions: dict[str, int] = {}
        self._answers = Answers(world, seed=seed)
        self._disabled: set[str] = set()

    def apply(self, table: RoutingTable) -> None:
        with self._lock:
            self._claim(table.revision)
            self._table = table
            self._green = {route.key: route.green_percent for route in table.routes}
            self._require_alive()
            self._members = {route.key: self._moved(route) for route in table.routes}
            self._disabled.clear()

    def shift(self, table: RoutingTable, key: str) -> None:
        with self._lock:
            route = table.route(key)
            if route is None:
                return
            self._claim(table.revision)
            self._table = replace(self._table, revision=table.revision)
            self._green[key] = route.green_percent
            self._require_alive()

    def observe(self) -> TrafficFacts:
        with self._lock:
            if not self.is_alive:
                return TrafficFacts(False, "memory", "1", self._table.revision, is_demonstration=True)
            return TrafficFacts(
                is_alive=True,
                name="memory",
                version="1",
                revision=self._table.revision,
                is_demonstration=True,
                green_percents=tuple(self._green.items()),
                servers=tuple(self._fact(key, m) for key, ms in self._members.items() for m in ms.values()),
            )

    def deviations(self, table: RoutingTable) -> tuple[Deviation, ...]:
        with self._lock:
            if table.revision != self._table.revision:
                return ()
            if not self.is_alive:
                return (Deviation("", "proxy", "alive", "yes", "no"),)
            shares = ((r.key, r.green_percent, self._green.get(r.key)) for r in table.routes)
            found = [Deviation(k, k, "share", str(wanted), str(has)) for k, wanted, has in shares if wanted != has]
            members = ((key, name) for key, ms in self._members.items() for name in ms)
            return (*found, *(Deviation(k, n, "server", "ready", "maint") for k, n in members if n in self._disabled))

    def set_share(self, key: str, green_percent: int) -> None:
        """A hand changes the share in the running proxy."""
        with self._lock:
            self._green[key] = green_percent

    def disable(self, server: str) -> None:
        """A hand takes the server out of service."""
        with self._lock:
            self._disabled.add(server)
            for members in self._members.values():
                if server in members:
                    members[server] = replace(members[server], is_admitted=False, checks=0)

    def request(self, request: Request, *, at: float | None = None) -> AccessRecord | None:
        """Answer one request as the proxy would; None where no service is routed or the proxy is dead."""
        with self._lock:
            route = matching_route(self._table, request)
            if route is None or not self.is_alive:
                return None
            made = choice(route, request, green_percent=self._green.get(route.key, 0))
            moment = self.world.clock.now().timestamp() if at is None else at
            return self._answers.answer(made, request, healthy=self._healthy(route), at=moment)

    def kill(self) -> None:
        """A mishap: the proxy dies."""
        with self._lock:
            self.is_alive = False

    def revive(self) -> None:
        """The proxy comes back from its files: the last table that it was given, and the servers it had admitted."""
        with self._lock:
            self.is_alive = True

    def hold_sessions(self, server: str, count: int) -> None:
        """So many clients keep a connection to the server open from now on (a websocket, a long download)."""
        with self._lock:
            self._sessions[server] = count

    @property
    def routes(self) -> tuple[Route, ...]:
        with self._lock:
            return self._table.routes

    def _claim(self, revision: int) -> None:
        if revision < self._table.revision:
            raise Conflict("routing_stale", revision=self._table.revision)

    def _require_alive(self) -> None:
        if not self.is_alive:
            raise Unavailable("proxy_unreachable", reason="switched off")

    def _moved(self, route: Route) -> dict[str, _Member]:
        """The servers of the route one stride later."""
        wanted = {server.name: (slot, server) for slot in Slot for server in route.servers(slot)}
        there = self._members.get(route.key, {})
        staying = {name: m for name, m in there.items() if not self._is_gone(m, route, place=wanted.get(name))}
        came = {name: _Member(*place) for name, place in wanted.items() if name not in staying}
        return {name: self._next(m, wanted.get(name)) for name, m in staying.items()} | came

    def _is_gone(self, member: _Member, route: Route, *, place: tuple[Slot, Server] | None) -> bool:
        if place == (member.slot, member.server) or member.drained_since is None:
            return False
        drained_seconds = (self.world.clock.now() - member.drained_since).total_seconds()
        is_over = drained_seconds >= route.drain_seconds
        if is_over:
            self._sessions.pop(member.server.name, None)
        return is_over or not self._sessions.get(member.server.name)

    def _next(self, member: _Member, place: tuple[Slot, Server] | None) -> _Member:
        if place != (member.slot, member.server):
            since = member.drained_since or self.world.clock.now()
            return replace(member, is_admitted=False, checks=0, drained_since=since)
        if member.is_admitted:
            return member
        checks = member.checks + 1 if self._is_passing(member.server) else 0
        return replace(member, checks=checks, is_admitted=checks >= CHECKS_TO_PASS, drained_since=None)

    def _is_passing(self, server: Server) -> bool:
        container = self.world.at(server.address, server.port)
        return container is not None and container.is_passing_checks(self.world.clock.now())

    def _healthy(self, route: Route) -> Healthy:
        members = self._members.get(route.key, {}).values()
        up = [m for m in members if m.is_admitted and self._is_passing(m.server)]
        return Healthy(
            stable=[m.server for m in up if m.slot is route.stable_slot],
            candidate=[m.server for m in up if m.slot is not route.stable_slot],
        )

    def _fact(self, key: str, member: _Member) -> ServerFact:
        is_passing = self._is_passing(member.server)
        sessions = self._sessions.get(member.server.name, 0)
        check = "passed" if is_passing else "failed"
        return ServerFact(key, member.slot, member.server.name, _state(member, is_passing), sessions, check)


def _state(member: _Member, is_passing: bool) -> ServerState:
    if member.drained_since is not None:
        return ServerState.DRAINING
    if not member.is_admitted:
        return ServerState.GATING
    return ServerState.UP if is_passing else ServerState.DOWN
