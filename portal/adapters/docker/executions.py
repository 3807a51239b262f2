"""Commands run inside a container and heard out, within bounds of time and output."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from threading import Event, Timer
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import quote

from portal.adapters.docker import lines
from portal.adapters.docker.calls import EngineCall, EngineCalls
from portal.adapters.docker.failures import Subject, edge
from portal.domain.container import ContainerLogLine
from portal.domain.engine import Execution
from portal.domain.errors import NotFound, PortalError, Refused, Unsupported

if TYPE_CHECKING:
    from requests import Response

PIECE_BYTES = 16_384


class EngineExecutions:
    """Raises only errors of the portal."""

    def __init__(self, calls: EngineCalls) -> None:
        self._calls = calls

    def execute(self, name: str, command: Sequence[str], *, timeout_seconds: float, output_bytes: int) -> Execution:
        """As `portal.ports.containers.Containers.execute`."""
        begun = monotonic()
        try:
            with edge(_subject(name)):
                identity = self._make(name, command)
                heard, is_cut = self._hear(identity, timeout_seconds, output_bytes)
                state = self._calls.get(f"/exec/{identity}/json")
        except Refused as error:
            if "exec: switched off" in error.params.get("reason", ""):
                raise Unsupported("exec_switched_off") from None
            raise
        code = None if state.get("Running") else int(state.get("ExitCode") or 0)
        return Execution(tuple(command), code, heard, round(monotonic() - begun, 3), is_cut)

    def _make(self, name: str, command: Sequence[str]) -> str:
        body = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True}
        path = f"/containers/{quote(name, safe='')}/exec"
        return str(self._calls.send(EngineCall("POST", path, data=json.dumps(body).encode())).json()["Id"])

    def _hear(
        self, identity: str, timeout_seconds: float, output_bytes: int
    ) -> tuple[tuple[ContainerLogLine, ...], bool]:
        """What it printed until its end, until time is up, or until it is too much; and whether it was too much."""
        stop, room = Event(), _Room(output_bytes)
        body = json.dumps({"Detach": False, "Tty": False}).encode()
        call = EngineCall("POST", f"/exec/{identity}/start", data=body, is_stream=True, timeout_seconds=timeout_seconds)
        timer = Timer(timeout_seconds, stop.set)
        timer.daemon = True
        timer.start()
        heard: list[ContainerLogLine] = []
        try:
            with self._calls.streaming(call, stop) as response:
                heard.extend(lines.plain_lines(room.fill(_pieces(response, stop))))
        finally:
            timer.cancel()
        return tuple(heard), room.is_full


class _Room:
    """Lets so many bytes through."""

    def __init__(self, size_bytes: int) -> None:
        self.left, self.is_full = size_bytes, False

    def fill(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece[: self.left]
            self.left -= len(piece)
            if self.left < 0:
                self.is_full = True
                return


def _pieces(response: Response, stop: Event) -> Iterator[bytes]:
    """As they come: an answer of unknown length is otherwise read to its end before anything is seen of it."""
    try:
        while piece := response.raw.read1(PIECE_BYTES):
            yield piece
    except Exception:
        if not stop.is_set():
            raise


def _subject(name: str) -> Subject:
    def failed(reason: str) -> PortalError:
        if any(words in reason for words in ("not running", "is paused", "state improper")):
            return Refused("container_not_running", name=name)
        return Refused("exec_failed", name=name, reason=reason)

    return Subject(lambda _: NotFound("container_missing", name=name), failed)
