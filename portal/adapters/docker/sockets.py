"""The SDK's way over a Unix socket, made to close what it opened when nobody answers. Imported at the first call."""

from __future__ import annotations

import socket
from typing import Any

from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool


class ClosingConnection(UnixHTTPConnection):
    """The SDK leaves the socket of a failed attempt to the garbage collector."""

    def connect(self) -> None:
        attempt = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            attempt.settimeout(self.timeout)
            attempt.connect(self.unix_socket)
        except OSError:
            attempt.close()
            raise
        self.sock = attempt


class ClosingPool(UnixHTTPConnectionPool):
    def __init__(self, base_url: str, socket_path: str, seconds: int, *, maxsize: int) -> None:
        super().__init__(base_url, socket_path, seconds, maxsize=maxsize)
        self.seconds = seconds

    def _new_conn(self) -> ClosingConnection:  # pyright: ignore[reportIncompatibleMethodOverride]
        return ClosingConnection(self.base_url, self.socket_path, self.seconds)


class ClosingAdapter(UnixHTTPAdapter):
    """Transport of a requests session; one pool, since there is one engine."""

    def __init__(self, base_url: str, *, timeout_seconds: float) -> None:
        seconds = int(timeout_seconds)
        super().__init__(base_url.replace("unix://", "http+unix://"), timeout=seconds)
        self._pool = ClosingPool(base_url, self.socket_path, seconds, maxsize=self.max_pool_size)

    def get_connection(self, url: str | bytes, proxies: Any = None) -> ClosingPool:
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()
