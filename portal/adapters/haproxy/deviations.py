"""What a proxy has otherwise than it was told: its files, its maps, its servers. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from portal.adapters.haproxy import maps
from portal.adapters.haproxy.naming import STABLE_COPY, key_of
from portal.adapters.haproxy.reading import Rows, ServerRow
from portal.adapters.haproxy.rendering import Admitted, endpoint, own_servers
from portal.domain.route import Deviation, Route, RoutingTable, Server

DEAD = Deviation("", "proxy", "alive", "yes", "no")
CONFIGURATION = "haproxy.cfg"
LONGEST = 120


def of_files(table: RoutingTable, file: str, *, wanted: str, written: Callable[[str], str]) -> tuple[Deviation, ...]:
    """The configuration and the map files; `written` reads a map file."""
    found = [_first_line(file, wanted)] if file != wanted else []
    for name, pairs in maps.maps(table).items():
        found += _map_deviations(name, pairs, maps.pairs(written(name)), where=f"{name}.map")
    return tuple(found)


def _first_line(file: str, wanted: str) -> Deviation:
    """Shown by the first line that is different."""
    has, should = file.splitlines(), wanted.splitlines()
    longest = max(len(has), len(should))
    pairs = ((_at(should, number), _at(has, number)) for number in range(longest))
    desired, actual = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return Deviation("", CONFIGURATION, "configuration", desired.strip()[:LONGEST], actual.strip()[:LONGEST])


def _at(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def of_worker(
    table: RoutingTable, rows: Rows, *, live: Mapping[str, maps.Pairs], admitted: Admitted, marks: tuple[str, str]
) -> tuple[Deviation, ...]:
    """The running proxy. `marks` are the structure of the file and that of the worker."""
    found = [Deviation("", "proxy", "structure", *marks)] if marks[0] != marks[1] else []
    for name, pairs in maps.maps(table).items():
        found += _map_deviations(name, pairs, live.get(name, {}), where="")
    for route in table.routes:
        found += _server_deviations(route, rows, admitted)
    return tuple(found)


def _map_deviations(name: str, wanted: maps.Pairs, has: maps.Pairs, *, where: str) -> Iterator[Deviation]:
    """Of a map in memory (`where` empty) or of its file. Entries are known by the route that they lead to."""
    for key in sorted({*wanted, *has}):
        if wanted.get(key) == has.get(key):
            continue
        is_share = name == maps.SPLIT and not where
        route = key_of(key) if name in (maps.SPLIT, "stable", "shield") else key_of(wanted.get(key, has.get(key, "")))
        field = "share" if is_share else f"map.{name}"
        yield Deviation(route, where or key_of(key), field, wanted.get(key, "")[:LONGEST], has.get(key, "")[:LONGEST])


def _server_deviations(route: Route, rows: Rows, admitted: Admitted) -> Iterator[Deviation]:
    for backend, servers in own_servers(route).items():
        there = {name: row for name, row in rows.get(backend, {}).items() if not name.startswith(STABLE_COPY)}
        wanted = {server.name: server for server in servers}
        for name in sorted({*there, *wanted}):
            is_in_service = (backend, name) in admitted
            pair = _server_pair(wanted.get(name), there.get(name), is_in_service=is_in_service)
            if pair[0] != pair[1]:
                yield Deviation(route.key, name, "server", *pair)


def _server_pair(wanted: Server | None, row: ServerRow | None, *, is_in_service: bool) -> tuple[str, str]:
    """As it should be and as it is. One that drains or waits at the gate is on its way."""
    if wanted is None:
        return "", (row.endpoint if row is not None and row.is_admitted else "")
    if not is_in_service:
        return "", ""
    place = endpoint(wanted)
    if row is None:
        return place, ""
    is_held = row.is_in_maintenance or (row.is_draining and not row.is_gated)
    return (place, f"{row.endpoint} maint") if is_held else (place, row.endpoint)
