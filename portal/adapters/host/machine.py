"""Reads what this machine is: space, memory, clock, ports, and who answers at a socket."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import shutil
import socket
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from portal.domain.doctor_machine import ClockReading, PortReading

ANSWER_SECONDS = 2.0
MOST_BYTES = 65_536
_TIMEX = struct.Struct("@I q q q q i")  # modes, offset, frequency, largest and estimated error in µs, status
_TIMEX_BYTES, _UNSYNCHRONISED, _LEAST_LIMIT = 512, 0x40, 1 << 60
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def free_bytes(folder: Path) -> int:
    """Of the file system that has the folder, or would have it."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free


def memory_bytes() -> int:
    """Of the machine, or as much of it as this container may use; 0 if nobody says."""
    total = 0
    with contextlib.suppress(OSError, ValueError):
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in _LIMITS:
        with contextlib.suppress(OSError, ValueError):
            limit = int(Path(path).read_text("ascii"))
            total = min(total or limit, limit) if limit < _LEAST_LIMIT else total
    return total


def clock() -> ClockReading:
    """What the kernel knows of its own clock, asked without changing anything."""
    now = datetime.now(UTC)
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (AttributeError, OSError):
        return ClockReading(now)
    if state < 0:
        return ClockReading(now)
    *_, largest, _estimated, status = _TIMEX.unpack_from(buffer.raw)
    return ClockReading(now, not status & _UNSYNCHRONISED, largest / 1e6)


def port(host: str, number: int) -> PortReading:
    """Whether it could be taken, and if not, whether a portal has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((host, number))
            taken.listen(1)
    except OSError as error:
        if error.errno in (98, 48):  # taken, on Linux and elsewhere
            return PortReading(host, number, is_taken=True, is_portal=_is_portal(host, number))
        return PortReading(host, number, reason=error.strerror or type(error).__name__)
    return PortReading(host, number)


def _is_portal(host: str, number: int) -> bool:
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    answer = _object(http.client.HTTPConnection(near, number, timeout=ANSWER_SECONDS), "/healthz")
    return answer is not None and {"status", "version", "checks"} <= answer.keys()


def is_reachable(host: str, number: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((host, number), ANSWER_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(str(self._path))


def engine_version(path: Path) -> tuple[str, str] | None:
    """Name and version of the engine that answers at this socket; None if none does."""
    answer = _object(_UnixConnection(path), "/version")
    if answer is None or not isinstance(answer.get("Version"), str):
        return None
    parts = cast("list[dict[str, Any]]", answer.get("Components") or [])
    is_podman = any("podman" in str(part.get("Name", "")).lower() for part in parts)
    return ("Podman" if is_podman else "Docker", str(answer["Version"]))


def _object(connection: http.client.HTTPConnection, target: str) -> Mapping[str, Any] | None:
    """The JSON object that is answered, whatever the status; None for anything else."""
    try:
        connection.request("GET", target)
        found = json.loads(connection.getresponse().read(MOST_BYTES))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else None
