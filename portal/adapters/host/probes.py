"""What can be seen of the machine itself: whether a port takes connections, and which Git there is."""

from __future__ import annotations

import shutil
import socket
import subprocess
from http.client import HTTPConnection, HTTPException

from portal.domain.errors import Unavailable
from portal.domain.health import Check, CheckStatus, said

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
GIT_SECONDS = 5.0


def port_open(host: str, port: int) -> Check:
    """Whether somebody takes connections there, asked as a client of this machine would."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - only compared
    try:
        socket.create_connection((near, port), CONNECT_SECONDS).close()
    except OSError as error:
        return said(CheckStatus.FAIL, "port_shut", port=port, why=error.strerror or error)
    return said(CheckStatus.PASS, "port_open", port=port)


def http_status(address: str, port: int, *, path: str) -> int:
    """What GET is answered with; redirects are not followed. Unavailable("service_silent") without an answer."""
    connection = HTTPConnection(address, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise Unavailable("service_silent", address=f"{address}:{port}", reason=type(error).__name__) from None
    finally:
        connection.close()


def git_version() -> Check:
    """Which Git answers."""
    program = shutil.which("git")
    if program is None:
        return said(CheckStatus.FAIL, "git_missing")
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, timeout=GIT_SECONDS, check=True, text=True)
    except (OSError, subprocess.SubprocessError) as error:
        return said(CheckStatus.FAIL, "git_silent", why=type(error).__name__)
    return said(CheckStatus.PASS, "git_version", version=answer.stdout.strip().removeprefix("git version ")[:100])
