"""What can be seen of the machine itself: whether a port takes connections, and which Git there is."""

from __future__ import annotations

import shutil
import socket
import subprocess

from portal.domain.health import Check, CheckStatus, said

CONNECT_SECONDS = 1.0
GIT_SECONDS = 5.0


def port_open(host: str, port: int) -> Check:
    """Whether somebody takes connections there, asked as a client of this machine would."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - only compared
    try:
        socket.create_connection((near, port), CONNECT_SECONDS).close()
    except OSError as error:
        return said(CheckStatus.FAIL, "port_shut", port=port, why=error.strerror or error)
    return said(CheckStatus.PASS, "port_open", port=port)


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
