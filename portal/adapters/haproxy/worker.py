"""The running proxy: the worker that serves, and the master that replaces it by a new one without losing a request."""

from __future__ import annotations

import time
from collections.abc import Iterable

from portal.adapters.haproxy import maps
from portal.adapters.haproxy.console import Console
from portal.adapters.haproxy.files import ProxyFolder
from portal.adapters.haproxy.reading import (
    ProcessFacts,
    ServerRow,
    old_workers,
    process_facts,
    server_rows,
)
from portal.domain.errors import Unavailable

_RELOAD_SECONDS = 8.0


class Worker:
    """Commands and queries of the proxy in the folder; Unavailable("proxy_unreachable") if nobody answers."""

    def __init__(self, folder: ProxyFolder) -> None:
        self.reload_seconds = _RELOAD_SECONDS
        self._folder = folder
        self._admin = Console(folder.admin_socket)
        self._master = Console(folder.master_socket)

    def is_answering(self) -> bool:
        try:
            self._admin.ask("show version")
        except Unavailable:
            return False
        return True

    def facts(self) -> ProcessFacts:
        return process_facts(self._admin.ask("show info"))

    def rows(self) -> dict[str, dict[str, ServerRow]]:
        return server_rows(self._admin.ask("show servers state"), self._admin.ask("show stat -1 4 -1"))

    def leftovers(self) -> tuple[ServerRow, ...]:
        """Servers on which workers of earlier reloads still finish something."""
        return tuple(
            row
            for pid in self._old_workers()
            for servers in self._old_rows(pid).values()
            for row in servers.values()
            if row.sessions
        )

    def _old_rows(self, pid: int) -> dict[str, dict[str, ServerRow]]:
        try:
            state = self._master.ask_master(f"@!{pid} show servers state")
            return server_rows(state, self._master.ask_master(f"@!{pid} show stat -1 4 -1"))
        except Unavailable:
            return {}

    def map(self, name: str) -> maps.Pairs:
        return maps.dumped(self._admin.ask(f"show map {self._folder.map(name)}"))

    def tell(self, commands: Iterable[str]) -> str:
        """Send the commands in one go and return what the proxy says to them."""
        return self._admin.ask("; ".join(commands))

    def set_share(self, name: str, share: str) -> None:
        """The share of one route in this worker and in those that still finish their connections, verified.

        A client with an idle connection to a former worker gets one more answer from there, so it must know too.
        """
        path = self._folder.map(maps.SPLIT)
        change = f"set map {path} {name} {share}"
        answer = self._admin.ask(f"{change}; get map {path} {name}")
        if f'value="{share}"' not in answer:
            answer = self._admin.ask(f"add map {path} {name} {share}; get map {path} {name}")
        if f'value="{share}"' not in answer:
            raise Unavailable("proxy_disobeys", reason=answer[:200])
        for pid in self._old_workers():
            self._master.ask_master(f"@!{pid} {change}")

    def _old_workers(self) -> tuple[int, ...]:
        try:
            return old_workers(self._master.ask_master("show proc"))
        except Unavailable:
            return ()

    def set_map(self, name: str, wanted: maps.Pairs) -> None:
        """Make the running map equal to the wanted one, entry by entry."""
        path, live = self._folder.map(name), self.map(name)
        changes = [f"del map {path} {key}" for key in live if key not in wanted]
        changes += [f"set map {path} {key} {value}" for key, value in wanted.items() if live.get(key, value) != value]
        changes += [f"add map {path} {key} {value}" for key, value in wanted.items() if key not in live]
        for change in changes:
            self._admin.ask(change)

    def distrust(self, servers: Iterable[tuple[str, str]]) -> None:
        """Take the servers for down until their checks have passed."""
        for backend, server in servers:
            self._admin.ask(f"set server {backend}/{server} health down")

    def reload(self) -> None:
        """Start a new worker with the files in place and wait for it. Unavailable("proxy_reload_failed", reason=…)."""
        before = self.facts().pid
        try:
            self._master.ask_master("reload")
        except Unavailable as failure:
            raise Unavailable("proxy_reload_failed", reason=failure.params.get("reason", "")) from failure
        deadline = time.monotonic() + self.reload_seconds
        while not self._is_replaced(before):
            if time.monotonic() > deadline:
                raise Unavailable("proxy_reload_failed", reason="the new configuration did not start")
            time.sleep(0.01)

    def _is_replaced(self, pid: int) -> bool:
        """The new worker serves, and the master listens again (which comes a little later)."""
        try:
            return self.facts().pid != pid and bool(self._master.ask_master("show proc"))
        except Unavailable:
            return False
