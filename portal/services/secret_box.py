"""Seals what the portal must keep and read again: secrets of second factors, of providers, of environments."""

from __future__ import annotations

from collections.abc import Callable

from portal.domain.errors import Unavailable
from portal.kit.sealing import Sealer, Unsealable


class SecretBox:
    """`master_key` is asked for when the first secret is sealed or opened, not before."""

    def __init__(self, master_key: Callable[[], bytes]) -> None:
        self._master_key = master_key
        self._made: Sealer | None = None

    @property
    def _sealer(self) -> Sealer:
        if self._made is None:
            self._made = Sealer(self._master_key())
        return self._made

    def seal(self, secret: bytes, *, about: str) -> str:
        """Text for the database; it opens for the same `about` only."""
        return self._sealer.seal(secret, about=about)

    def open(self, sealed: str, *, about: str) -> bytes:
        """Unavailable("secret_sealed_otherwise") if another master key sealed it, or it was moved or changed."""
        try:
            return self._sealer.open(sealed, about=about)
        except Unsealable:
            raise Unavailable("secret_sealed_otherwise", about=about) from None
