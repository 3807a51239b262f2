"""What to do next with every server, worked out from what is wanted and what the proxy has: pure functions.

HAProxy 2.6 takes a new server for healthy until a check has failed. So a server is added in maintenance, and then, in
this order and no other: its checks are enabled, it is put in drain, its health is set to down. Only checks made after
that can bring it up, and while it is in drain nobody is sent to it. When it has come up, the gate opens (`ready`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.adapters.haproxy.naming import STABLE_COPY
from portal.adapters.haproxy.options import ProxyOptions
from portal.adapters.haproxy.reading import Rows, ServerRow
from portal.adapters.haproxy.rendering import check_words, copies, copy_words, endpoint, own_servers
from portal.domain.route import Route, Server


class Act(StrEnum):
    ADD = "add"  # into maintenance
    GATE = "gate"  # checks on, no traffic
    ADMIT = "admit"  # fresh checks have passed
    DRAIN = "drain"  # no new request
    CUT = "cut"  # its limit is over: end what is still open
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Stride:
    """One act on one server, and the commands that do it."""

    act: Act
    backend: str
    server: str
    commands: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str]:
        return self.backend, self.server


def strides(route: Route, rows: Rows, *, options: ProxyOptions) -> tuple[Stride, ...]:
    """The next act for each server of the route. Copies hold their originals: they come after them and go before."""
    departures, arrivals = _copy_strides(route, rows)
    return (*departures, *_own_strides(route, rows, options=options), *arrivals)


def _own_strides(route: Route, rows: Rows, *, options: ProxyOptions) -> Iterator[Stride]:
    for backend, servers in own_servers(route).items():
        there = {name: row for name, row in rows.get(backend, {}).items() if not name.startswith(STABLE_COPY)}
        wanted = {server.name: server for server in servers}
        places = {name: endpoint(server) for name, server in wanted.items()}
        yield from _departures(there, places, drain_seconds=route.drain_seconds)
        for server in servers:
            yield from _arrival(backend, server, row=there.get(server.name), options=options)


def _arrival(backend: str, server: Server, *, row: ServerRow | None, options: ProxyOptions) -> Iterator[Stride]:
    place = f"{backend}/{server.name}"
    gate = (f"enable health {place}", f"set server {place} state drain", f"set server {place} health down")
    if row is None:
        add = f"add server {place} {endpoint(server)} {check_words(options)}"
        yield Stride(Act.ADD, backend, server.name, (add, *gate))
    elif row.endpoint != endpoint(server):
        return
    elif row.is_in_maintenance:
        yield Stride(Act.GATE, backend, server.name, gate)
    elif row.is_gated:
        yield Stride(Act.ADMIT, backend, server.name, (f"set server {place} state ready",))


def _departures(rows: Mapping[str, ServerRow], wanted: Mapping[str, str], *, drain_seconds: int) -> Iterator[Stride]:
    for name, row in rows.items():
        # The right name at another address is a stranger: it must go before the wanted one can come.
        if wanted.get(name) != row.endpoint:
            yield from _departure(row, drain_seconds)


def _departure(row: ServerRow, drain_seconds: int) -> Iterator[Stride]:
    place = f"{row.backend}/{row.name}"
    if not row.is_in_maintenance:
        yield Stride(Act.DRAIN, row.backend, row.name, (f"set server {place} state maint",))
    elif not row.sessions:
        yield Stride(Act.DELETE, row.backend, row.name, (f"del server {place}",))
    elif row.seconds_since_change >= drain_seconds:
        yield Stride(Act.CUT, row.backend, row.name, (f"shutdown sessions server {place}",))


def _copy_strides(route: Route, rows: Rows) -> tuple[list[Stride], list[Stride]]:
    """Those that leave and those that come."""
    wanted = copies(route)
    departures: list[Stride] = []
    arrivals: list[Stride] = []
    for backend in {*own_servers(route), *wanted}:
        there = {name: row for name, row in rows.get(backend, {}).items() if name.startswith(STABLE_COPY)}
        servers = wanted.get(backend, ())
        departures += _copy_departures(backend, there, wanted={STABLE_COPY + s.name: endpoint(s) for s in servers})
        arrivals += [_copy_arrival(route, backend, server=s) for s in servers if STABLE_COPY + s.name not in there]
    return departures, arrivals


def _copy_arrival(route: Route, backend: str, *, server: Server) -> Stride:
    place = f"{backend}/{STABLE_COPY}{server.name}"
    add = f"add server {place} {endpoint(server)} {copy_words(route, backend, server=server)}"
    return Stride(Act.ADD, backend, STABLE_COPY + server.name, (add, f"set server {place} state ready"))


def _copy_departures(backend: str, rows: Mapping[str, ServerRow], *, wanted: Mapping[str, str]) -> Iterator[Stride]:
    for name, row in rows.items():
        if wanted.get(name) != row.endpoint:
            place = f"{backend}/{name}"
            yield Stride(Act.DELETE, backend, name, (f"set server {place} state maint", f"del server {place}"))
