"""The maps the frontend looks everything up in, as text and as pairs."""

from __future__ import annotations

from collections.abc import Iterable

from portal.adapters.haproxy.naming import route_name
from portal.domain.route import Route, RoutingTable

SPLIT = "split"
NAMES = (SPLIT, "stable", "shield", "hosts", "preview")

Pairs = dict[str, str]


def maps(table: RoutingTable) -> dict[str, Pairs]:
    """Every map by name. Where two routes claim the same host and path, the first of the table has it."""
    return {
        SPLIT: {route_name(route.key): str(route.green_percent) for route in table.routes},
        "stable": {route_name(route.key): str(route.stable_slot) for route in table.routes},
        "shield": {route_name(route.key): "1" for route in table.routes if route.is_shielded},
        "hosts": _first((place, route_name(route.key)) for route in table.routes for place in _places(route)),
        "preview": _first((r.preview_host.lower(), route_name(r.key)) for r in table.routes if r.preview_host),
    }


def text(pairs: Pairs) -> str:
    return "".join(f"{key} {value}\n" for key, value in pairs.items())


def pairs(lines: str) -> Pairs:
    """The pairs of a map file."""
    return dict(_pair(line) for line in lines.splitlines() if line.strip())


def dumped(lines: str) -> Pairs:
    """The pairs of a running proxy's `show map`, whose lines begin with an address in memory."""
    return dict(_pair(line.partition(" ")[2]) for line in lines.splitlines() if line.startswith("0x"))


def _pair(line: str) -> tuple[str, str]:
    key, _, value = line.partition(" ")
    return key, value


def _places(route: Route) -> list[str]:
    prefix = route.path_prefix.rstrip("/") + "/"
    return [f"{host.lower()}{prefix}" for host in route.hosts or ("*",)]


def _first(claims: Iterable[tuple[str, str]]) -> Pairs:
    found: Pairs = {}
    for place, name in claims:
        found.setdefault(place, name)
    return found
