"""The gate's own socket file: made with narrow rights, never over anything else, taken away at the end."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path


class ListenRefused(Exception):
    """The path cannot be used to listen on."""


def bind(path: str, mode: int) -> tuple[socket.socket, int]:
    """A socket at the path, with its inode. A left-over one nobody answers on is removed, anything else refused."""
    clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old_mask = os.umask(0o177)
    try:
        listener.bind(path)
    except OSError as error:
        listener.close()
        raise ListenRefused(f"{path}: {error.strerror or error}") from None
    finally:
        os.umask(old_mask)
    Path(path).chmod(mode)
    return listener, Path(path).lstat().st_ino


def clear(path: str) -> None:
    """Remove a dead socket. ListenRefused if something else is there or somebody answers."""
    try:
        kind = Path(path).lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise ListenRefused(f"{path}: exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        if probe.connect_ex(path) == 0:
            raise ListenRefused(f"{path}: another process listens there")
    Path(path).unlink()


def unlink(path: str, inode: int) -> None:
    """Remove the socket if it is still the one that was made."""
    try:
        if Path(path).lstat().st_ino == inode:
            Path(path).unlink()
    except FileNotFoundError:
        return
