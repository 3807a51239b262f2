"""What can be done to a container only while it runs: a live file written anew, a signal sent to its process."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from portal.adapters.docker import failures, files
from portal.adapters.docker.calls import EngineCall, EngineCalls
from portal.adapters.docker.failures import edge
from portal.domain.container import Container, FileMount
from portal.domain.errors import Refused


class LiveContainers:
    """Raises only errors of the portal."""

    def __init__(self, calls: EngineCalls, inspect: Callable[[str], Container]) -> None:
        self._calls, self._inspect = calls, inspect

    def rewrite_file(self, name: str, file: FileMount) -> None:
        """As `portal.ports.containers.Containers.rewrite_file`."""
        folder, archive = files.single(file)
        path = f"/containers/{quote(name, safe='')}/archive"
        call = EngineCall("PUT", path, {"path": folder}, archive, content_type="application/x-tar")
        try:
            with edge(failures.live(name)):
                self._calls.send(call)
        except Refused as error:
            self._demand_running(name)
            raise Refused("live_file_refused", name=name, reason=error.params["reason"]) from None

    def signal(self, name: str, signal: str) -> None:
        """As `portal.ports.containers.Containers.signal`."""
        try:
            with edge(failures.live(name)):
                self._calls.send(EngineCall("POST", f"/containers/{quote(name, safe='')}/kill", {"signal": signal}))
        except Refused:
            self._demand_running(name)
            raise

    def _demand_running(self, name: str) -> None:
        if not self._inspect(name).is_running:
            raise Refused("container_not_running", name=name) from None
