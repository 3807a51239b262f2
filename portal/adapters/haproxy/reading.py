"""What the proxy answers, as values: its process, its servers, its workers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from portal.adapters.haproxy.naming import SHIELD, STABLE_COPY, key_of
from portal.domain.errors import Unavailable
from portal.domain.route import ServerFact, ServerState, Slot

# Bits of srv_admin_state that hold a server out of service (0x04 only says that it began so), and those that drain it
# (its own bit and the one inherited by tracking).
_MAINTENANCE = 0x01 | 0x02 | 0x20
_DRAIN = 0x08 | 0x10


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """The worker that answers. `mark` is the structure it was started with."""

    pid: int
    version: str
    mark: str


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server line of one backend as the worker holds it."""

    backend: str
    name: str
    endpoint: str
    is_running: bool
    is_in_maintenance: bool
    is_draining: bool
    sessions: int = 0
    seconds_since_change: int = 0
    check: str = ""

    @property
    def is_admitted(self) -> bool:
        """It has passed the gate: neither held nor drained (it may be down at the moment)."""
        return not self.is_in_maintenance and not self.is_draining

    @property
    def is_unfit(self) -> bool:
        """It has passed the gate once, and is down at the moment."""
        return self.is_admitted and not self.is_running

    @property
    def is_gated(self) -> bool:
        """Held in drain, and its fresh checks have passed."""
        return self.is_draining and not self.is_in_maintenance and self.is_running


Rows = Mapping[str, Mapping[str, ServerRow]]
"""Servers by backend and name."""


def process_facts(info: str) -> ProcessFacts:
    """From `show info`."""
    fields = {name: value for name, _, value in (line.partition(": ") for line in info.splitlines())}
    try:
        return ProcessFacts(int(fields["Pid"]), fields.get("Version", ""), fields.get("description", ""))
    except (KeyError, ValueError) as failure:
        raise Unavailable("proxy_unreachable", reason="unexpected answer") from failure


def server_rows(state: str, stat: str) -> dict[str, dict[str, ServerRow]]:
    """From `show servers state` and `show stat -1 4 -1`."""
    seen = {(row["pxname"], row["svname"]): row for row in csv.DictReader(stat.removeprefix("# ").splitlines())}
    rows: dict[str, dict[str, ServerRow]] = {}
    for line in state.splitlines():
        fields = line.split(" ")
        if len(fields) >= 19 and fields[0].isdigit():
            row = _row(fields, seen.get((fields[1], fields[3]), {}))
            rows.setdefault(row.backend, {})[row.name] = row
    return rows


def _row(fields: list[str], stat: Mapping[str, str]) -> ServerRow:
    admin = int(fields[6])
    host = f"[{fields[4]}]" if ":" in fields[4] else fields[4]
    return ServerRow(
        backend=fields[1],
        name=fields[3],
        endpoint=f"{host}:{fields[18]}",
        is_running=int(fields[5]) >= 1,
        is_in_maintenance=bool(admin & _MAINTENANCE),
        is_draining=bool(admin & _DRAIN),
        sessions=int(stat.get("scur") or 0),
        seconds_since_change=int(fields[9]),
        check=" ".join(filter(None, (stat.get("check_status"), stat.get("check_code"), stat.get("last_chk")))),
    )


def server_facts(rows: Rows, wanted: frozenset[tuple[str, str]]) -> tuple[ServerFact, ...]:
    """The servers of the routes; `wanted` holds (backend, server) of those that belong there."""
    return tuple(
        _fact(row, is_wanted=(row.backend, row.name) in wanted)
        for backend, servers in rows.items()
        if not backend.endswith(f":{SHIELD}")
        for row in servers.values()
        if not row.name.startswith(STABLE_COPY)
    )


def leftover_facts(rows: Iterable[ServerRow], known: Rows) -> tuple[ServerFact, ...]:
    """Servers that only a worker of an earlier reload still holds sessions to: they drain there."""
    return tuple(
        _fact(replace(row, is_in_maintenance=True), is_wanted=False)
        for row in rows
        if row.name not in known.get(row.backend, {}) and not row.backend.endswith(f":{SHIELD}")
        if not row.name.startswith(STABLE_COPY)
    )


def _fact(row: ServerRow, *, is_wanted: bool) -> ServerFact:
    route, _, slot = row.backend.rpartition(":")
    state = _state(row, is_wanted=is_wanted)
    return ServerFact(key_of(route), Slot(slot), row.name, state, row.sessions, row.check)


def _state(row: ServerRow, *, is_wanted: bool) -> ServerState:
    if row.is_admitted:
        return ServerState.UP if row.is_running else ServerState.DOWN
    return ServerState.GATING if is_wanted else ServerState.DRAINING


def old_workers(processes: str) -> tuple[int, ...]:
    """From the master's `show proc`: workers of earlier reloads that still finish their connections."""
    _, _, tail = processes.partition("# old workers")
    lines = tail.partition("# programs")[0].splitlines()
    return tuple(int(line.split()[0]) for line in lines if line[:1].isdigit())


def master_pid(processes: str) -> int | None:
    """From the master's `show proc`."""
    lines = (line.split() for line in processes.splitlines())
    return next((int(fields[0]) for fields in lines if len(fields) > 1 and fields[1] == "master"), None)
