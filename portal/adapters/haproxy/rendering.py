"""The proxy's configuration as text, a pure function of the routing table."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Set
from dataclasses import dataclass

from portal.adapters.haproxy.files import ProxyFolder
from portal.adapters.haproxy.frontend import COOKIE, FRONTEND, LOG_FORMAT, NO_ROUTE, NO_SERVER, PLAIN
from portal.adapters.haproxy.naming import INNER, SHIELD, STABLE_COPY, backend_name, shield_name
from portal.adapters.haproxy.options import ProxyOptions
from portal.domain.route import Route, RoutingTable, Server, Slot

Admitted = Set[tuple[str, str]]
"""(backend, server) of every server that has passed fresh checks: only these take requests when the proxy starts."""

_SHORTEST_STOP_SECONDS = 30

# `retries`: a side of three loses its last server after two errors of each. A request has to outlive that to reach the
# stable servers behind them; with 3 retries some were answered 503 when all canary containers died at once.
_GLOBAL = """\
# Rendered by the portal; changes made by hand are lost.
global
    description {mark}
    master-worker
    maxconn {connections}
    nbthread {threads}
    stats socket {admin} mode 600 level admin expose-fd listeners
    stats timeout 30s
    hard-stop-after {stop}s

ring accesslog
    format raw
    maxlen 1800
    size {log_bytes}
    timeout connect 1s
    timeout server 10s
    server portal unix@{log}

defaults
    mode http
    timeout connect {connect}ms
    timeout client {idle}s
    timeout client-fin 5s
    timeout server {answer}s
    timeout queue 5s
    timeout check {check}ms
    timeout http-request {request}s
    timeout http-keep-alive 10s
    timeout tunnel {tunnel}s
    retries 10
    option redispatch 1
    option idle-close-on-response
    retry-on conn-failure empty-response response-timeout
    balance leastconn
"""

_INNER = """
frontend {name}
    bind unix@{socket} mode 600
    http-request set-var(txn.backend) req.hdr(x-portal-inner)
    http-request del-header x-portal-inner
    http-response set-header x-portal-server %s
    use_backend %[var(txn.backend)]
"""

_BACKEND = """
backend {name}
    option httpchk
    http-check send meth GET uri {health} ver HTTP/1.1 hdr Host {service} hdr User-Agent portal-health
    http-check expect status 200-299
    option allbackups
    http-response set-header X-Portal-Slot {slot}
    http-response set-header X-Portal-Slot {other} if {{ srv_name -m beg {copy} }}
"""

# The candidate is reached through a hop of its own, chosen by rule and never by balancing: so that a retry, which is
# balanced again, can only fall on stable servers.
_SHIELD = """
backend {name}
    retry-on conn-failure empty-response response-timeout 500 502 503 504
    http-request set-header x-portal-inner {candidate}
    http-response set-var(txn.server) res.hdr(x-portal-server)
    http-response del-header x-portal-server
    http-response set-header X-Portal-Slot %[var(txn.stable)] unless {{ var(txn.server) -m found }}
    use-server candidate if TRUE
    server candidate unix@{socket} weight 0
"""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is the whole file; `structure` marks everything in it that only a reload can change."""

    text: str
    structure: str


def rendered(table: RoutingTable, admitted: Admitted, *, folder: ProxyFolder, options: ProxyOptions) -> Rendered:
    """The configuration that makes a freshly started proxy do what the table says."""
    frame = _frame(table, folder=folder, options=options, mark="")
    shape = "".join(_without_servers(route, folder) for route in table.routes)
    mark = "portal-" + hashlib.sha256((frame + shape).encode()).hexdigest()[:16]
    body = "".join(_with_servers(route, admitted, folder=folder, options=options) for route in table.routes)
    return Rendered(_frame(table, folder=folder, options=options, mark=mark) + body, mark)


def check_words(options: ProxyOptions) -> str:
    """The words of a server line that say how it is watched; the same in the file and in `add server`."""
    return (
        f"weight 1 check inter {options.check_interval_ms}ms fastinter {options.check_fast_interval_ms}ms"
        " fall 2 rise 2 observe layer4 error-limit 2 on-error mark-down pool-purge-delay 500ms"
    )


def endpoint(server: Server) -> str:
    """address:port, an IPv6 address in brackets."""
    address = ipaddress.ip_address(server.address)
    return f"[{address}]:{server.port}" if address.version == 6 else f"{address}:{server.port}"


def _frame(table: RoutingTable, *, folder: ProxyFolder, options: ProxyOptions, mark: str) -> str:
    head = _GLOBAL.format(
        mark=mark,
        connections=options.connections,
        threads=options.threads,
        admin=folder.admin_socket,
        stop=max([_SHORTEST_STOP_SECONDS, *(route.drain_seconds for route in table.routes)]),
        log_bytes=options.log_buffer_bytes,
        log=folder.log_socket,
        connect=options.connect_timeout_ms,
        idle=options.idle_timeout_seconds,
        answer=options.answer_timeout_seconds,
        check=options.check_timeout_ms,
        request=options.request_timeout_seconds,
        tunnel=options.tunnel_timeout_seconds,
    )
    return head + _frontend(folder, options) + _INNER.format(name=INNER, socket=folder.inner_socket)


def _frontend(folder: ProxyFolder, options: ProxyOptions) -> str:
    return FRONTEND.format(
        binds="\n".join(f"    bind {address}" for address in options.bind),
        log_format=LOG_FORMAT,
        folder=folder.root,
        bucket_header=options.bucket_header,
        forget_forwarded="" if options.trusts_forwarded_for else "    http-request del-header X-Forwarded-For\n",
        plain=PLAIN,
        cookie=COOKIE,
        no_route=NO_ROUTE,
        no_server=NO_SERVER,
    )


def _without_servers(route: Route, folder: ProxyFolder) -> str:
    """The shape of a route: everything but its servers."""
    return "".join([f"\n# {route.key}\n", *_heads(route, folder).values()])


def _with_servers(route: Route, admitted: Admitted, *, folder: ProxyFolder, options: ProxyOptions) -> str:
    text = f"\n# {route.key}\n"
    for backend, head in _heads(route, folder).items():
        text += head + "".join(_server_lines(route, backend, admitted=admitted, options=options))
    return text


def _heads(route: Route, folder: ProxyFolder) -> dict[str, str]:
    heads = {backend_name(route.key, slot): _head(route, slot) for slot in Slot}
    if route.is_shielded:
        candidate = backend_name(route.key, route.stable_slot.other)
        name = shield_name(route.key)
        heads[name] = _SHIELD.format(name=name, candidate=candidate, socket=folder.inner_socket)
    return heads


def _head(route: Route, slot: Slot) -> str:
    name = backend_name(route.key, slot)
    return _BACKEND.format(
        name=name, health=route.health_path, service=route.service, slot=slot, other=slot.other, copy=STABLE_COPY
    )


def _server_lines(route: Route, backend: str, *, admitted: Admitted, options: ProxyOptions) -> Iterator[str]:
    watch = check_words(options)
    for server in own_servers(route).get(backend, ()):
        held = "" if (backend, server.name) in admitted else " disabled"
        yield f"    server {server.name} {endpoint(server)} {watch}{held}\n"
    for server in copies(route).get(backend, ()):
        yield f"    server {STABLE_COPY}{server.name} {endpoint(server)} {copy_words(route, backend, server=server)}\n"


def own_servers(route: Route) -> dict[str, tuple[Server, ...]]:
    """The servers that belong to each slot's backend."""
    return {backend_name(route.key, slot): route.servers(slot) for slot in Slot}


def copies(route: Route) -> dict[str, tuple[Server, ...]]:
    """Stable servers that stand in other backends: behind the candidate's, and where failed requests are replayed.

    Those behind the candidate's stay when it leaves: a request that was waiting for one of its servers still has
    somewhere to go.
    """
    stable = route.servers(route.stable_slot)
    behind = {backend_name(route.key, route.stable_slot.other): stable}
    return {**behind, shield_name(route.key): stable} if route.is_shielded else behind


def copy_words(route: Route, backend: str, *, server: Server) -> str:
    """The words of a copy's line: it follows the health of the server it copies and makes no checks of its own."""
    words = f"track {backend_name(route.key, route.stable_slot)}/{server.name}"
    return words if backend == shield_name(route.key) else f"{words} backup"


def admitted_in(text: str) -> frozenset[tuple[str, str]]:
    """(backend, server) of every server that a rendered configuration lets take requests from the start."""
    return frozenset(pair for pair, is_held in _lines_of_servers(text) if not is_held)


def servers_in(text: str) -> frozenset[tuple[str, str]]:
    """(backend, server) of every server of a rendered configuration."""
    return frozenset(pair for pair, _ in _lines_of_servers(text))


def _lines_of_servers(text: str) -> Iterator[tuple[tuple[str, str], bool]]:
    backend = ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["backend"]:
            backend = words[1]
        elif words[:1] == ["server"] and backend and ":" not in words[1] and not backend.endswith(f":{SHIELD}"):
            yield (backend, words[1]), words[-1] == "disabled"
