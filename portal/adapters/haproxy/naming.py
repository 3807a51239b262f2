"""Names in the proxy's configuration, and the check that nothing else than names gets into it."""

from __future__ import annotations

import ipaddress
import re

from portal.domain.errors import Invalid
from portal.domain.route import Route, RoutingTable, Server, Slot

STABLE_COPY = "stable:"
INNER = "portal:inner"
SHIELD = "shield"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?")
_PATH = re.compile(r"/[A-Za-z0-9/_.~%?=&+@,;-]{0,255}")


def route_name(key: str) -> str:
    """The route's name inside HAProxy, where `@` is not allowed: hello@prod → hello:prod."""
    return key.replace("@", ":")


def key_of(name: str) -> str:
    """The route's key from its name inside HAProxy."""
    return name.replace(":", "@", 1)


def backend_name(key: str, slot: Slot) -> str:
    return f"{route_name(key)}:{slot}"


def shield_name(key: str) -> str:
    return f"{route_name(key)}:{SHIELD}"


def checked(table: RoutingTable) -> RoutingTable:
    """The table itself; Invalid("routing_invalid", field=…, value=…) if a word of it could mean more than a name."""
    for route in table.routes:
        _check_route(route)
        for server in (*route.blue, *route.green):
            _check_server(server)
    return table


def _check_route(route: Route) -> None:
    _match(_NAME, "service", value=route.service)
    _match(_NAME, "environment", value=route.environment)
    _match(_PATH, "path_prefix", value=route.path_prefix)
    _match(_PATH, "health_path", value=route.health_path)
    for host in (*route.hosts, *filter(None, (route.preview_host,))):
        _match(_HOST, "host", value=host)
    if not 0 <= route.candidate_percent <= 100:
        raise Invalid("routing_invalid", field="candidate_percent", value=route.candidate_percent)


def _check_server(server: Server) -> None:
    _match(_NAME, "server", value=server.name)
    if not 0 < server.port < 65536:
        raise Invalid("routing_invalid", field="port", value=server.port)
    try:
        ipaddress.ip_address(server.address)
    except ValueError:
        raise Invalid("routing_invalid", field="address", value=server.address) from None


def _match(pattern: re.Pattern[str], field: str, *, value: str) -> None:
    if not pattern.fullmatch(value):
        raise Invalid("routing_invalid", field=field, value=value[:80])
