"""The folder that the portal and the proxy share: its paths, atomic writes, and the lock of the one who acts."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.domain.errors import Invalid, Unavailable

# A Unix address holds 107 bytes, and HAProxy binds under a temporary name that is longer than the final one.
LONGEST_FOLDER = 70


@dataclass(frozen=True, slots=True)
class ProxyFolder:
    """Absolute paths of everything the proxy reads, writes and listens on."""

    root: Path

    @classmethod
    def at(cls, folder: Path) -> ProxyFolder:
        """The folder, made private (0700) if absent. Invalid("proxy_folder_too_long") where sockets would not fit."""
        root = folder.absolute()
        if len(os.fsencode(root)) > LONGEST_FOLDER:
            raise Invalid("proxy_folder_too_long", folder=root, limit=LONGEST_FOLDER)
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as failure:
            raise Unavailable("proxy_folder_unusable", folder=root, reason=failure.strerror) from failure
        return cls(root)

    @property
    def config(self) -> Path:
        return self.root / "haproxy.cfg"

    @property
    def admin_socket(self) -> Path:
        return self.root / "admin.sock"

    @property
    def master_socket(self) -> Path:
        return self.root / "master.sock"

    @property
    def inner_socket(self) -> Path:
        return self.root / "inner.sock"

    @property
    def log_socket(self) -> Path:
        return self.root / "log.sock"

    @property
    def revision(self) -> Path:
        return self.root / "revision"

    @property
    def output(self) -> Path:
        """What HAProxy itself prints: warnings and the reasons why it does not start."""
        return self.root / "haproxy.out"

    def map(self, name: str) -> Path:
        return self.root / f"{name}.map"


def written(path: Path) -> str:
    """The text of the file, empty if there is none."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as failure:
        raise Unavailable("proxy_folder_unusable", folder=path.parent, reason=failure) from failure


def replace(path: Path, text: str) -> None:
    """Put the text in place in one step, so that the proxy reads the old or the new file and never half of one.

    Not forced to the disk: after a power cut everything here is rendered anew from the database.
    """
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except OSError as failure:
        raise Unavailable("proxy_folder_unusable", folder=path.parent, reason=failure.strerror) from failure


def replace_if_changed(path: Path, text: str) -> bool:
    """Replace the file unless it holds the text already; whether it was replaced."""
    if path.exists() and written(path) == text:
        return False
    replace(path, text)
    return True


@contextmanager
def held(path: Path, *, timeout_seconds: float = 5.0) -> Generator[None]:
    """Hold the lock file; the kernel frees it when its holder dies. Unavailable("proxy_busy") after the time-out."""
    descriptor = _opened(path)
    try:
        _take(descriptor, time.monotonic() + timeout_seconds)
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as failure:
        raise Unavailable("proxy_folder_unusable", folder=path.parent, reason=failure.strerror) from failure


def _take(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Unavailable("proxy_busy") from None
            time.sleep(0.002)
