"""The master key, which seals the secrets in the database: from the settings, or a file that only the portal reads."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path

from portal.domain.errors import Invalid, Unavailable
from portal.kit.sealing import KEY_BYTES

SHORTEST_TEXT, MOST_LINES = 32, 32
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def key_of_text(text: str, *, purpose: bytes = b"master key of text ", variable: str = "PORTAL_SECRET_KEY") -> bytes:
    """Invalid("secret_key_weak", variable) for less than 32 characters or fewer than ten different ones."""
    if len(text) < SHORTEST_TEXT or len(set(text)) < 10:
        raise Invalid("secret_key_weak", variable=variable, limit=SHORTEST_TEXT)
    return hashlib.sha256(purpose + text.encode()).digest()


def read_or_make(path: Path) -> bytes:
    """The newest key of the file; as `read_keys`."""
    return read_keys(path)[0]


def read_keys(path: Path) -> tuple[bytes, ...]:
    """The keys of the file, the newest first; there is one, made the first time (mode 0600) even if several processes
    ask at once, and more while it is changed.

    Invalid("secret_key_exposed") if others may read the file, Invalid("secret_key_bad") if it holds no key.
    """
    try:
        _make(path)
        with path.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read(KEY_BYTES * 4 * MOST_LINES)
    except OSError as error:
        raise Unavailable("secret_key_unreadable", path=path, reason=error.strerror) from error
    if mode & _FOR_OTHERS:
        raise Invalid("secret_key_exposed", path=path)
    lines = content.split() or [b""]
    return tuple(_decoded(line, path) for line in lines)


def _make(path: Path) -> None:
    """Written aside and linked, so that nobody ever reads half a key."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        aside.unlink()


def _decoded(content: bytes, path: Path) -> bytes:
    try:
        key = bytes.fromhex(content.decode().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Invalid("secret_key_bad", path=path)
    return key
