"""HAProxy 2.6 or newer as the proxy in front of the containers."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from portal.adapters.haproxy import deviations, maps
from portal.adapters.haproxy.files import ProxyFolder, held, replace, replace_if_changed, written
from portal.adapters.haproxy.naming import checked, key_of, route_name
from portal.adapters.haproxy.options import DEFAULTS, ProxyOptions
from portal.adapters.haproxy.reading import Rows, leftover_facts, server_facts
from portal.adapters.haproxy.rendering import Admitted, Rendered, admitted_in, rendered, servers_in
from portal.adapters.haproxy.strides import Act, Stride, strides
from portal.adapters.haproxy.worker import Worker
from portal.domain.errors import Conflict, Unavailable
from portal.domain.route import Deviation, RoutingTable, TrafficFacts

_CHECK_TIMEOUT_SECONDS = 10.0


class HAProxyTraffic:
    """Steers a running HAProxy by files and sockets in one folder, and implements the port `Traffic`.

    The files always hold what is wanted before the running proxy is told, so a proxy that dies comes back right. A lock
    in the folder lets one process act at a time. `program` checks a configuration before it is put in place; where
    HAProxy runs elsewhere and the program is not here (None), only the proxy itself can refuse one.
    """

    def __init__(self, folder: Path, options: ProxyOptions = DEFAULTS, *, program: str | None = "haproxy") -> None:
        self.folder = ProxyFolder.at(folder)
        self.options = options
        self.program = program
        self.worker = Worker(self.folder)
        self._wanted: tuple[tuple[int, int], frozenset[tuple[str, str]]] = ((0, 0), frozenset())

    def prepare(self) -> None:
        """Files that a proxy can be started with: those of before, or a table without routes if there are none."""
        with self._turn():
            if not written(self.folder.config):
                empty = RoutingTable(0, ())
                self._write_maps(empty)
                self._write_config(self._rendered(empty, frozenset()))

    def apply(self, table: RoutingTable) -> None:
        """One stride towards the table. Also Invalid("routing_invalid", …), Unavailable("proxy_config_refused", …)."""
        checked(table)
        with self._turn():
            self._claim(table.revision)
            self._write_maps(table)
            if not self.worker.is_answering():
                self._write_config(self._rendered(table, admitted_in(written(self.folder.config))))
                raise Unavailable("proxy_unreachable", reason="it does not run")
            self._tell_shares(table)
            self._stride(table)

    def shift(self, table: RoutingTable, key: str) -> None:
        """The share of one route; nothing else of the table is looked at."""
        route = table.route(key)
        if route is None:
            return
        with self._turn():
            self._claim(table.revision)
            split = maps.pairs(written(self.folder.map(maps.SPLIT)))
            split[route_name(key)] = str(route.green_percent)
            replace(self.folder.map(maps.SPLIT), maps.text(split))
            self.worker.set_share(route_name(key), str(route.green_percent))

    def observe(self) -> TrafficFacts:
        revision = self._revision()
        try:
            process, rows, shares = self.worker.facts(), self.worker.rows(), self.worker.map(maps.SPLIT)
        except Unavailable:
            return TrafficFacts(is_alive=False, name="HAProxy", revision=revision)
        return TrafficFacts(
            is_alive=True,
            name="HAProxy",
            version=process.version,
            revision=revision,
            green_percents=tuple((key_of(name), int(share)) for name, share in shares.items()),
            servers=server_facts(rows, self._wanted_servers()) + leftover_facts(self.worker.leftovers(), rows),
        )

    def deviations(self, table: RoutingTable) -> tuple[Deviation, ...]:
        with self._turn():
            if table.revision != self._revision():
                return ()
            file = written(self.folder.config)
            admitted, config = admitted_in(file), self._rendered(table, admitted_in(file))
            found = deviations.of_files(table, file, wanted=config.text, written=self._map_file)
            if not self.worker.is_answering():
                return (*found, deviations.DEAD)
            marks, rows = (config.structure, self.worker.facts().mark), self.worker.rows()
            live = {name: self.worker.map(name) for name in maps.NAMES}
            return (*found, *deviations.of_worker(table, rows, live=live, admitted=admitted, marks=marks))

    def _map_file(self, name: str) -> str:
        return written(self.folder.map(name))

    @contextmanager
    def _turn(self) -> Generator[None]:
        with held(self.folder.root / "lock"):
            yield

    def _revision(self) -> int:
        text = written(self.folder.revision)
        return int(text) if text.strip().isdigit() else 0

    def _claim(self, revision: int) -> None:
        """From here on nothing older is accepted, whoever brings it."""
        seen = self._revision()
        if revision < seen:
            raise Conflict("routing_stale", revision=seen)
        if revision > seen:
            replace(self.folder.revision, f"{revision}\n")

    def _write_maps(self, table: RoutingTable) -> None:
        for name, pairs in maps.maps(table).items():
            replace_if_changed(self.folder.map(name), maps.text(pairs))

    def _tell_shares(self, table: RoutingTable) -> None:
        live, wanted = self.worker.map(maps.SPLIT), maps.maps(table)[maps.SPLIT]
        for name, share in wanted.items():
            if name in live and live[name] != share:
                self.worker.set_share(name, share)

    def _stride(self, table: RoutingTable) -> None:
        rows = self.worker.rows()
        steps = [step for route in table.routes for step in strides(route, rows, options=self.options)]
        config = self._rendered(table, _admitted(rows, steps))
        before = written(self.folder.config)
        self._write_config(config)
        if self.worker.facts().mark != config.structure:
            self._reload(rows, before)
            return
        self._tell_maps(table)
        if self._perform(steps):
            self._reload(self.worker.rows(), before)

    def _perform(self, steps: Iterable[Stride]) -> bool:
        """Do them all; whether one can only be done by a reload."""
        needs_reload = False
        for step in steps:
            answer = self.worker.tell(step.commands)
            needs_reload |= "is a dynamic server" in answer or "configuration elements pointing to it" in answer
        return needs_reload

    def _tell_maps(self, table: RoutingTable) -> None:
        for name, pairs in maps.maps(table).items():
            self.worker.set_map(name, pairs)

    def _reload(self, rows: Rows, before: str) -> None:
        """A new worker with the file in place. If it does not come, the former file goes back."""
        down = [(row.backend, row.name) for servers in rows.values() for row in servers.values() if row.is_unfit]
        try:
            self.worker.reload()
        except Unavailable:
            replace(self.folder.config, before)
            raise
        # A fresh worker trusts all admitted servers until a check has failed.
        self.worker.distrust(down)

    def _rendered(self, table: RoutingTable, admitted: Admitted) -> Rendered:
        return rendered(table, admitted, folder=self.folder, options=self.options)

    def _write_config(self, config: Rendered) -> None:
        """Put it in place if HAProxy finds no fault in it, else Unavailable("proxy_config_refused", reason=…)."""
        if written(self.folder.config) == config.text:
            return
        if self.program:
            trial = self.folder.config.with_suffix(".trial")
            replace(trial, config.text)
            _check(self.program, trial)
        replace(self.folder.config, config.text)

    def _wanted_servers(self) -> frozenset[tuple[str, str]]:
        try:
            status = self.folder.config.stat()
        except OSError:
            return frozenset()
        stamp = (status.st_mtime_ns, status.st_ino)
        if self._wanted[0] != stamp:
            self._wanted = (stamp, servers_in(written(self.folder.config)))
        return self._wanted[1]


def _admitted(rows: Rows, steps: Iterable[Stride]) -> Admitted:
    """The servers that have passed the gate, those about to be let through included, those about to leave not."""
    there = {(row.backend, row.name) for servers in rows.values() for row in servers.values() if row.is_admitted}
    steps = tuple(steps)
    return (there | {s.place for s in steps if s.act is Act.ADMIT}) - {s.place for s in steps if s.act is Act.DRAIN}


def _check(program: str, path: Path) -> None:
    try:
        trial = subprocess.run(
            [program, "-c", "-f", str(path)],
            capture_output=True,
            text=True,
            timeout=_CHECK_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise Unavailable("proxy_config_refused", reason=failure) from failure
    if trial.returncode:
        raise Unavailable("proxy_config_refused", reason=trial.stderr.strip()[-400:] or trial.returncode)
