"""Signatures by the portal's own Ed25519 key, which it makes at first use and keeps in its database."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from portal.kit import ed25519
from portal.kit.ed25519 import Signed
from portal.store.database import Database
from portal.store.keys import ensure_key

Sign = Callable[[bytes, str], Signed]
"""Signs a text by the 32 bytes of a private key, here or in another process."""


class Signer:
    def __init__(self, database: Database, name: str, sign: Sign = ed25519.sign) -> None:
        self._database, self._name, self._sign = database, name, sign

    @cached_property
    def _seed(self) -> bytes:
        with self._database.transaction() as session:
            return ensure_key(session, self._name)

    @cached_property
    def public_key(self) -> str:
        """32 bytes in hex."""
        return ed25519.sign(self._seed, "").public_key

    def sign(self, text: str) -> Signed:
        return self._sign(self._seed, text)

    def is_signed(self, text: str, signature: str) -> bool:
        return ed25519.is_signed(self.public_key, text, signature=signature)
