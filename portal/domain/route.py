"""Where requests go: two slots a service and environment, and one number that splits the traffic between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Slot(StrEnum):
    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> Slot:
        return Slot.GREEN if self is Slot.BLUE else Slot.BLUE


def route_key(service: str, environment: str) -> str:
    """The name of a route: `hello@prod`."""
    return f"{service}@{environment}"


@dataclass(frozen=True, slots=True)
class Server:
    """One container behind the proxy. `name` is the container's name and is unique for all time."""

    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Route:
    """The desired routing of one service in one environment.

    `candidate_percent` (0 … 100) is the share of users that goes to the slot that is not stable. Users fall into 100
    buckets by cookie, and a user changes side only when the share grows or on a rollback.
    Empty `hosts` matches every host; the longest `path_prefix` wins. `preview_host` always reaches the candidate.
    """

    service: str
    environment: str
    hosts: tuple[str, ...] = ()
    path_prefix: str = "/"
    preview_host: str = ""
    health_path: str = "/healthz"
    stable_slot: Slot = Slot.BLUE
    candidate_percent: int = 0
    blue_version: str = ""
    green_version: str = ""
    blue: tuple[Server, ...] = ()
    green: tuple[Server, ...] = ()
    is_shielded: bool = False
    drain_seconds: int = 30

    @property
    def key(self) -> str:
        return route_key(self.service, self.environment)

    @property
    def green_percent(self) -> int:
        """What the proxy's map holds: the share of the green slot."""
        return self.candidate_percent if self.stable_slot is Slot.BLUE else 100 - self.candidate_percent

    def servers(self, slot: Slot) -> tuple[Server, ...]:
        return self.blue if slot is Slot.BLUE else self.green

    def version(self, slot: Slot) -> str:
        return self.blue_version if slot is Slot.BLUE else self.green_version


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """Everything the proxy has to do, with the revision it was read at. A proxy never goes back to an older
    revision.
    """

    revision: int
    routes: tuple[Route, ...]

    def route(self, key: str) -> Route | None:
        return next((route for route in self.routes if route.key == key), None)


class ServerState(StrEnum):
    ABSENT = "absent"
    GATING = "gating"  # known to the proxy, fresh checks not passed yet, takes no request
    UP = "up"
    DOWN = "down"
    DRAINING = "draining"  # no new request; open ones may finish


@dataclass(frozen=True, slots=True)
class ServerFact:
    """What the proxy says of one server. `open_sessions` counts requests and connections still going on."""

    route: str
    slot: Slot
    name: str
    state: ServerState
    open_sessions: int = 0
    check: str = ""


@dataclass(frozen=True, slots=True)
class TrafficFacts:
    """The live proxy: `green_percents` and `servers` are what it does now, not what was wanted."""

    is_alive: bool
    name: str = ""
    version: str = ""
    revision: int = 0
    is_demonstration: bool = False
    green_percents: tuple[tuple[str, int], ...] = ()
    servers: tuple[ServerFact, ...] = ()

    def green_percent(self, key: str) -> int | None:
        return dict(self.green_percents).get(key)

    def slot_servers(self, key: str, slot: Slot) -> tuple[ServerFact, ...]:
        return tuple(s for s in self.servers if s.route == key and s.slot is slot)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that the proxy has otherwise than it was last told. `route` is empty where it concerns the whole proxy.

    `field` is alive, configuration, structure, share, server, or map and the map's name after a point.
    """

    route: str
    name: str
    field: str
    desired: str
    actual: str


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One answered request as the proxy saw it.

    `at` is the time of the last byte, in seconds since the epoch. `server_ms` is the server's time to first byte,
    None if no server answered. `is_forced` marks requests that chose their side by header or preview address.
    `is_replayed`: the first answer failed on the candidate and stable gave this one. `status` is what the client
    saw; `is_error` is for the verdict: 5xx, or no answer, or a replay.
    """

    at: float
    route: str
    slot: Slot
    server: str
    status: int
    server_ms: float | None
    is_forced: bool = False
    is_replayed: bool = False
    method: str = ""
    path: str = ""

    @property
    def is_error(self) -> bool:
        return self.status >= 500 or self.status < 100 or self.is_replayed
