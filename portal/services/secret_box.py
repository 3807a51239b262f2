"""Seals what the portal must keep and read again: secrets of second factors, of providers, of environments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from portal.domain.errors import Unavailable
from portal.kit.sealing import Sealer, Unsealable

Made = TypeVar("Made")
Keys = bytes | tuple[bytes, ...]
"""The key, or the newest one and those before it while the master key is changed."""


class SecretBox:
    """`master_key` is asked for when the first secret is sealed or opened, not before, and again for each that is
    sealed: nothing is sealed by a key that was replaced meanwhile, in whichever process.
    """

    def __init__(self, master_key: Callable[[], Keys]) -> None:
        self._master_key = master_key
        self._known: tuple[bytes, ...] = ()
        self._made: Sealer | None = None

    def _sealer(self, *, is_fresh: bool) -> Sealer:
        if self._made is None or is_fresh:
            found = self._master_key()
            keys = (found,) if isinstance(found, bytes) else found
            if self._made is None or keys != self._known:
                self._made, self._known = Sealer(*keys), keys
        return self._made

    def seal(self, secret: bytes, *, about: str) -> str:
        """Text for the database; it opens for the same `about` only."""
        return self._sealer(is_fresh=True).seal(secret, about=about)

    def open(self, sealed: str, *, about: str) -> bytes:
        """Unavailable("secret_sealed_otherwise") if another master key sealed it, or it was moved or changed."""
        try:
            return self._sealer(is_fresh=False).open(sealed, about=about)
        except Unsealable:
            return self._anew(lambda sealer: sealer.open(sealed, about=about), about)

    def rewrapped(self, sealed: str, *, about: str) -> str:
        """The same secret under the newest key. Unavailable("secret_sealed_otherwise")."""
        return self._anew(lambda sealer: sealer.rewrapped(sealed, about=about), about)

    def is_current(self, sealed: str) -> bool:
        """Whether the newest key seals it."""
        return self._sealer(is_fresh=True).is_current(sealed)

    def _anew(self, act: Callable[[Sealer], Made], about: str) -> Made:
        try:
            return act(self._sealer(is_fresh=True))
        except Unsealable:
            raise Unavailable("secret_sealed_otherwise", about=about) from None
