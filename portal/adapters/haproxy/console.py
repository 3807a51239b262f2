"""The proxy's own command line, over its admin and master sockets."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from portal.domain.errors import Unavailable

_ANSWER_LIMIT_BYTES = 8_388_608


@dataclass(frozen=True, slots=True)
class Console:
    """One socket of the proxy. Every call is a connection; Unavailable("proxy_unreachable") if it fails."""

    path: Path
    timeout_seconds: float = 3.0

    def ask(self, command: str) -> str:
        """The answer to one command (or several, joined by semicolons), without surrounding blank lines."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self.timeout_seconds)
                connection.connect(str(self.path))
                connection.sendall(command.encode() + b"\n")
                return _everything(connection).decode("utf-8", "replace").strip()
        except OSError as failure:
            raise Unavailable("proxy_unreachable", reason=failure.strerror or failure) from failure

    def ask_master(self, command: str) -> str:
        """As `ask`, for the master process: it answers only when its client has ended the request."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self.timeout_seconds)
                connection.connect(str(self.path))
                connection.sendall(command.encode() + b"\n")
                connection.shutdown(socket.SHUT_WR)
                return _everything(connection).decode("utf-8", "replace").strip()
        except OSError as failure:
            raise Unavailable("proxy_unreachable", reason=failure.strerror or failure) from failure


def _everything(connection: socket.socket) -> bytes:
    answer = bytearray()
    while chunk := connection.recv(65536):
        answer += chunk
        if len(answer) > _ANSWER_LIMIT_BYTES:
            raise OSError("answer too long")
    return bytes(answer)
