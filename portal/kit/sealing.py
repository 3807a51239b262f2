"""Seals small secrets for keeping: AES-256-GCM with a data key of its own for each, wrapped by a master key.

A sealed text is bound to what it is about (a name, an environment): moved elsewhere it does not open. Changing the
master key wraps the data keys anew and leaves the contents alone.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping

KEY_BYTES, NONCE_BYTES = 32, 12
_FORMAT = "s1"
_WRAP = b"data key of "


class Unsealable(Exception):
    """The text was not sealed by any of these keys, was changed, or is about something else."""


class Sealer:
    """Seals with the newest key and opens with any that it is given. Loads `cryptography` when it is first used."""

    def __init__(self, newest: bytes, *older: bytes) -> None:
        self._newest = key_name(newest)
        self._keys: Mapping[str, bytes] = {key_name(key): key for key in (*older, newest)}

    def seal(self, secret: bytes, *, about: str) -> str:
        """Text that can be kept; `about` is needed to open it again."""
        data_key = os.urandom(KEY_BYTES)
        wrapped = _encrypted(self._keys[self._newest], data_key, about=_WRAP + about.encode())
        content = _encrypted(data_key, secret, about=about.encode())
        return ".".join((_FORMAT, self._newest, _text(wrapped), _text(content)))

    def open(self, sealed: str, *, about: str) -> bytes:
        """Unsealable(…) unless one of the keys sealed exactly this about exactly that."""
        data_key, content = self._opened(sealed, about)
        return _decrypted(data_key, content, about=about.encode())

    def rewrapped(self, sealed: str, *, about: str) -> str:
        """The same secret under the newest key; its content is not touched."""
        data_key, content = self._opened(sealed, about)
        wrapped = _encrypted(self._keys[self._newest], data_key, about=_WRAP + about.encode())
        return ".".join((_FORMAT, self._newest, _text(wrapped), _text(content)))

    def is_current(self, sealed: str) -> bool:
        """Whether the newest key seals it."""
        return sealed.startswith(f"{_FORMAT}.{self._newest}.")

    def _opened(self, sealed: str, about: str) -> tuple[bytes, bytes]:
        parts = sealed.split(".")
        if len(parts) != 4 or parts[0] != _FORMAT or parts[1] not in self._keys:
            raise Unsealable
        try:
            wrapped, content = (base64.urlsafe_b64decode(part) for part in parts[2:])
        except ValueError:
            raise Unsealable from None
        return _decrypted(self._keys[parts[1]], wrapped, about=_WRAP + about.encode()), content


def key_name(key: bytes) -> str:
    """A short name by which a key is told from others; it gives nothing of the key away."""
    return hashlib.sha256(b"name of key " + key).hexdigest()[:8]


def _encrypted(key: bytes, content: bytes, *, about: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, about)


def _decrypted(key: bytes, content: bytes, *, about: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise Unsealable from None


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()
