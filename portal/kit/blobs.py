"""Seals pieces of megabytes for keeping elsewhere: compressed, AES-256-GCM, bound to the name they are kept under."""

from __future__ import annotations

import os
import zlib

from portal.kit.sealing import NONCE_BYTES, Unsealable, key_name

_FORMAT = b"CPB1"
_NAME_BYTES = 8
_HEAD_BYTES = len(_FORMAT) + _NAME_BYTES
FASTEST = 1


class OtherKey(Exception):
    """The piece was sealed by another key; the message is that key's name."""


def seal(key: bytes, content: bytes, *, about: str) -> bytes:
    """Opens under the same key and the same `about` only."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head, nonce = _FORMAT + key_name(key).encode(), os.urandom(NONCE_BYTES)
    return head + nonce + AESGCM(key).encrypt(nonce, zlib.compress(content, FASTEST), head + about.encode())


def unseal(key: bytes, sealed: bytes, *, about: str) -> bytes:
    """OtherKey(…) for what another key sealed, Unsealable for what was changed, cut, or kept under another name."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head, rest = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
    if not head.startswith(_FORMAT) or len(rest) < NONCE_BYTES:
        raise Unsealable
    name = head[len(_FORMAT) :].decode("ascii", "replace")
    if name != key_name(key):
        raise OtherKey(name)
    try:
        opened = AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + about.encode())
        return zlib.decompress(opened)
    except (InvalidTag, zlib.error):
        raise Unsealable from None
