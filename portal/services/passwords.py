"""Passwords are kept as argon2id hashes, which are made one at a time because each takes 19 MiB."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING

from portal.domain.errors import Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
WAIT_SECONDS = 10.0
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Passwords:
    def __init__(self) -> None:
        self._lock = RLock()

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher, Type

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)

    @cached_property
    def _nobodys(self) -> str:
        return self.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Unavailable("sign_in_busy") if too many others are before this one."""
        with self.turn():
            return self._hasher.hash(password)

    def is_right(self, password: str, known: str) -> bool:
        """Takes as long for a user who does not exist (an empty hash) as for any other."""
        from argon2.exceptions import Argon2Error, InvalidHashError

        expected = known or self._nobodys
        with self.turn():
            try:
                return self._hasher.verify(expected, password) and bool(known)
            except (Argon2Error, InvalidHashError):
                return False

    @contextmanager
    def turn(self) -> Generator[None, None, None]:
        """Nobody else checks or makes a password inside. Unavailable("sign_in_busy") after ten seconds in the queue."""
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("sign_in_busy")
        try:
            yield
        finally:
            self._lock.release()


def made_password() -> str:
    """About 116 bits, in five groups that can be read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(5))
