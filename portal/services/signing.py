"""Signatures by the portal's own Ed25519 key, which it makes at first use and keeps in its database."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from portal.store.database import Database
from portal.store.keys import ensure_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        # Loaded here: eight megabytes that a portal without anchors need not hold.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        with self._database.transaction() as session:
            return Ed25519PrivateKey.from_private_bytes(ensure_key(session, self._name))

    @cached_property
    def public_key(self) -> str:
        """32 bytes in hex."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        """The signature in hex."""
        return self._key.sign(text.encode()).hex()

    def is_signed(self, text: str, signature: str) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.public_key().verify(bytes.fromhex(signature), text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True
