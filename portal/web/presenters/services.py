"""Services in a list, and one of them with its places, settings and neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.domain.dependencies import Neighbour
from portal.domain.rollout_view import MatrixCell
from portal.domain.service import Service
from portal.services.service_places import PlacedReplica, ServicePlace
from portal.web.addresses import address, release_address
from portal.web.presenters.marks import BAD, IDLE, OK, RUN, WARN, Badge, environment_words, health_badge
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class Spot:
    """What runs in one environment: a version with its health."""

    environment: Words
    version: str
    health: Badge


@dataclass(frozen=True, slots=True)
class ServiceLine:
    name: str
    href: str
    description: str
    owners: tuple[str, ...]
    tags: tuple[str, ...]
    spots: tuple[Spot, ...]
    health: Badge
    repository: str
    is_archived: bool


def service_line(service: Service, cells: Sequence[MatrixCell]) -> ServiceLine:
    own = [cell for cell in cells if cell.service == service.name and cell.version]
    worst = next((h for h in ("failing", "degraded", "waiting", "ok") if h in {c.health for c in own}), "none")
    return ServiceLine(
        name=service.name,
        href=f"/services/{service.name}",
        description=service.description,
        owners=service.owners,
        tags=service.tags,
        spots=tuple(Spot(environment_words(c.environment), c.version, health_badge(c.health)) for c in own),
        health=health_badge(worst),
        repository=service.repository,
        is_archived=service.is_archived,
    )


@dataclass(frozen=True, slots=True)
class ReplicaLine:
    name: str
    version: str
    address: str
    state: Badge
    restarts: int
    is_candidate: bool
    share: Words


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A service in one environment, with what can be done there."""

    place: str
    environment: Words
    href: str
    version: str
    version_href: str
    by: str
    at: float
    rate: Words
    replicas: tuple[ReplicaLine, ...]
    is_moving: bool
    moving: RolloutLine
    start_href: str
    return_to: str
    return_href: str


_SERVERS = {
    "up": Badge(OK, "check", words("server.up")),
    "down": Badge(BAD, "x", words("server.down")),
    "gating": Badge(RUN, "loader", words("server.gating")),
    "draining": Badge(WARN, "undo", words("server.draining")),
    "absent": Badge(IDLE, "circle", words("server.absent")),
}


def place_line(place: ServicePlace, service: str) -> PlaceLine:
    current = place.deployment
    start = address("/rollouts/new", service=service, environment=place.environment)
    rate = place.requests_per_second
    return PlaceLine(
        place=place.environment,
        environment=environment_words(place.environment),
        href=f"/environments/{place.environment}",
        version=current.version if current else "",
        version_href=release_address(service, current.version) if current else "",
        by=current.deployed_by if current else "",
        at=current.deployed_at.timestamp() if current and current.deployed_at else 0.0,
        rate=words("rollout.rate", n=f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}") if current else Words(),
        replicas=tuple(_replica(replica) for replica in place.replicas),
        is_moving=place.rollout is not None,
        moving=rollout_line(place.rollout) if place.rollout else RolloutLine(),
        start_href=start,
        return_to=place.previous,
        return_href=f"{start}&version={place.previous}" if place.previous else "",
    )


def _replica(replica: PlacedReplica) -> ReplicaLine:
    state = _SERVERS.get(replica.server, _SERVERS["absent"])
    if replica.is_running is False:
        state = Badge(BAD, "x", words("server.stopped"))
    share = Words() if replica.share is None else words("service.share", n=replica.share)
    return ReplicaLine(
        replica.name, replica.version, replica.address, state, replica.restarts, replica.is_candidate, share
    )


@dataclass(frozen=True, slots=True)
class Setting:
    label: Words
    value: str


def settings(service: Service) -> list[Setting]:
    """How its containers are made and which requests are its own."""
    limits = service.limits
    pairs: Mapping[str, str] = {
        "repository": service.repository,
        "port": str(service.port),
        "hosts": ", ".join(service.hosts),
        "path": service.path_prefix,
        "health_path": service.health_path,
        "metrics_path": service.metrics_path,
        "cpu": f"{limits.cpu_cores:g}",
        "memory": f"{limits.memory_bytes / 2**20:,.0f} MiB",
        "pids": f"{limits.pids:,}",
        "grace": f"{service.stop_grace_seconds} s",
    }
    found = [Setting(words(f"service.{name}"), value) for name, value in pairs.items() if value]
    flags = (("read_only", service.is_root_read_only), ("shielded", service.is_shielded))
    return [*found, *(Setting(words(f"service.{name}"), "✓" if is_on else "\N{EN DASH}") for name, is_on in flags)]


@dataclass(frozen=True, slots=True)
class NeighbourLine:
    name: str
    href: str
    how: Words


def neighbour_lines(neighbours: Sequence[Neighbour]) -> list[NeighbourLine]:
    return [
        NeighbourLine(
            n.name,
            f"/services/{n.name}",
            words("service.direct") if n.distance == 1 else words("service.via", names=", ".join(n.via)),
        )
        for n in neighbours
    ]


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the drawing; `x` and `y` are its corner, `kind` is self or other."""

    name: str
    href: str
    kind: str
    x: int
    y: int
    text_y: int
    text_x: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A curve and the head of its arrow."""

    path: str
    head: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Callers at the left, the service in the middle, what it calls at the right. `hidden` did not fit."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    height: int = 0
    hidden: int = 0


WIDTH, BOX, TALL, GAP, MOST = 640, 168, 34, 12, 8


def drawing(name: str, callers: Sequence[Neighbour], called: Sequence[Neighbour]) -> Drawing:
    """The direct neighbours only; those further away are in the lists."""
    left = [n.name for n in callers if n.distance == 1]
    right = [n.name for n in called if n.distance == 1]
    if not left and not right:
        return Drawing()
    rows = max(1, min(MOST, max(len(left), len(right))))
    height = rows * (TALL + GAP) + GAP
    middle = _node(name, "self", (WIDTH - BOX) // 2, (height - TALL) // 2)
    sides = [*_column(left[:MOST], 0, height), *_column(right[:MOST], WIDTH - BOX, height)]
    edges = tuple(_edge(node, middle) for node in sides)
    return Drawing((middle, *sides), edges, height, max(0, len(left) - MOST) + max(0, len(right) - MOST))


def _column(names: Sequence[str], x: int, height: int) -> list[Node]:
    top = (height - len(names) * (TALL + GAP) + GAP) // 2
    return [_node(name, "other", x, top + place * (TALL + GAP)) for place, name in enumerate(names)]


def _node(name: str, kind: str, x: int, y: int) -> Node:
    shown = name if len(name) <= 20 else f"{name[:19]}…"
    return Node(shown, f"/services/{name}", kind, x, y, y + TALL // 2 + 4, x + BOX // 2)


def _edge(side: Node, middle: Node) -> Edge:
    """From the caller to the called."""
    is_caller = side.x < middle.x
    start, end = (side, middle) if is_caller else (middle, side)
    x1, x2, y1, y2 = start.x + BOX, end.x - 7, start.y + TALL // 2, end.y + TALL // 2
    half = (x1 + x2) // 2
    return Edge(f"M{x1} {y1}C{half} {y1} {half} {y2} {x2} {y2}", f"M{x2} {y2 - 4}L{x2 + 7} {y2}L{x2} {y2 + 4}Z")
