"""What the portal asks of the proxy in front of the containers: HAProxy, or the one in memory."""

from __future__ import annotations

from typing import Protocol

from portal.domain.route import AccessRecord, Deviation, RoutingTable, TrafficFacts


class Traffic(Protocol):
    """Level-triggered: the caller says how everything should be, again and again, until `observe` shows it.

    Every call is bounded in time, safe to repeat, and raises only errors of `portal.domain.errors`:
    Unavailable("proxy_unreachable"), Conflict("routing_stale", revision=…) for a table older than the one already
    applied.
    """

    def apply(self, table: RoutingTable) -> None:
        """Bring the proxy one stride closer to the table: configuration and map files first, then the running
        proxy.

        Shares change at once, before anything else; a new server is added without traffic and takes some only after
        fresh checks (several calls later); a server that is no longer wanted drains, then goes (several calls
        later).
        """
        ...

    def shift(self, table: RoutingTable, key: str) -> None:
        """Only the share of one route: map file, running proxy, verified. The fast path of a rollback (about a
        millisecond).
        """
        ...

    def observe(self) -> TrafficFacts:
        """What the proxy really does. A dead proxy is a fact (`is_alive=False`), not an error."""
        ...

    def deviations(self, table: RoutingTable) -> tuple[Deviation, ...]:
        """What somebody else has changed since this very table was applied; nothing if it was not applied yet."""
        ...


class AccessLog(Protocol):
    """Every request that passed the proxy, in the order in which it was answered."""

    def read(self, *, limit: int = 5000, timeout_seconds: float = 0.2) -> list[AccessRecord]:
        """Up to `limit` records; waits at most the time-out for the first one."""
        ...

    @property
    def dropped(self) -> int:
        """How many records were lost since the start because the queue was full."""
        ...

    @property
    def sampling(self) -> float:
        """The share of requests that is read at present (1.0 = every one)."""
        ...
