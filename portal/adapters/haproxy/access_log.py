"""Every request that HAProxy has answered, read from the socket to which it forwards its access log."""

from __future__ import annotations

import random
import re
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from portal.adapters.haproxy.log_line import access_record
from portal.domain.errors import Unavailable
from portal.domain.route import AccessRecord

_CHUNK_BYTES = 262_144
_LONGEST_LINE_BYTES = 65_536
_CONNECTIONS = 16
_LOST = re.compile(rb"(\d+) events? dropped")


class HAProxyAccessLog:
    """Implements the port `AccessLog`: HAProxy connects to the socket at `path` and sends one line a request.

    While nobody reads, HAProxy keeps the newest lines in a ring of its own and sends them when a reader comes. Here at
    most `limit` lines wait; what comes then is dropped and counted. Above `full_rate` requests a second only a random
    share of them is kept, chosen so that about `full_rate` remain.
    """

    def __init__(self, path: Path, *, limit: int = 50_000, full_rate: int = 5_000) -> None:
        self._path = path
        self._limit = limit
        self._full_rate = full_rate
        self._lines: deque[bytes] = deque()
        self._arrived = threading.Condition()
        self._halt = threading.Event()
        self._share = 1.0
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, in a thread of its own. Unavailable("access_log_unusable", path=…, reason=…)."""
        listener = self._listener()
        self._halt.clear()
        self._thread = threading.Thread(target=self._listen, args=(listener,), name="access-log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._halt.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
            self._thread = None

    def read(self, *, limit: int = 5000, timeout_seconds: float = 0.2) -> list[AccessRecord]:
        deadline = time.monotonic() + timeout_seconds
        while True:
            records = [record for line in self._take(limit, deadline) if (record := access_record(line))]
            if records or time.monotonic() >= deadline:
                return records

    @property
    def dropped(self) -> int:
        return self._dropped

    @property
    def sampling(self) -> float:
        return self._share

    def _take(self, limit: int, deadline: float) -> list[bytes]:
        with self._arrived:
            self._arrived.wait_for(lambda: self._lines, max(0.0, deadline - time.monotonic()))
            return [self._lines.popleft() for _ in range(min(limit, len(self._lines)))]

    def _listener(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.unlink(missing_ok=True)
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(_CONNECTIONS)
            listener.setblocking(False)
        except OSError as failure:
            listener.close()
            raise Unavailable("access_log_unusable", path=self._path, reason=failure.strerror) from failure
        return listener

    def _listen(self, listener: socket.socket) -> None:
        with selectors.DefaultSelector() as waiting, listener:
            waiting.register(listener, selectors.EVENT_READ, _Intake(listener))
            rate = _Rate()
            while not self._halt.is_set():
                for key, _ in waiting.select(0.2):
                    self._receive(waiting, key.data, rate=rate)
            for key in list(waiting.get_map().values()):
                key.data.connection.close()

    def _receive(self, waiting: selectors.BaseSelector, intake: _Intake, *, rate: _Rate) -> None:
        if intake.is_listener:
            _welcome(waiting, intake.connection)
            return
        lines = intake.lines()
        if lines is None:
            waiting.unregister(intake.connection)
            intake.connection.close()
            return
        self._share = rate.share(len(lines), self._full_rate)
        self._keep(lines)

    def _keep(self, lines: Sequence[bytes]) -> None:
        lost = sum(int(found[1]) for line in lines if line[:1] != b"P" and (found := _LOST.search(line[:200])))
        if self._share < 1.0:
            lines = [line for line in lines if random.random() < self._share]  # noqa: S311
        with self._arrived:
            room = max(0, self._limit - len(self._lines))
            self._lines.extend(lines[:room])
            self._dropped += lost + max(0, len(lines) - room)
            self._arrived.notify_all()


def _welcome(waiting: selectors.BaseSelector, listener: socket.socket) -> None:
    try:
        connection, _ = listener.accept()
    except OSError:
        return
    if len(waiting.get_map()) > _CONNECTIONS:
        connection.close()
        return
    connection.setblocking(False)
    waiting.register(connection, selectors.EVENT_READ, _Intake(connection))


class _Intake:
    """One connection and the line that has not ended yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.is_listener = bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        self._rest = b""

    def lines(self) -> list[bytes] | None:
        """The complete lines that have come; None when the sender is gone."""
        try:
            chunk = self.connection.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not chunk:
            return None
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest if len(rest) <= _LONGEST_LINE_BYTES else b""
        return lines


class _Rate:
    """Requests a second, and the share of them to keep."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._count = 0
        self._share = 1.0

    def share(self, arrived: int, full_rate: int) -> float:
        """The share in force, renewed every second from the rate of the second before."""
        self._count += arrived
        passed = time.monotonic() - self._since
        if passed >= 1.0:
            self._share = min(1.0, full_rate * passed / max(1, self._count))
            self._since, self._count = time.monotonic(), 0
        return self._share
