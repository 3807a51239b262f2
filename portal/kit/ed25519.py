"""Ed25519 signatures in hex. `python -m portal.kit.ed25519` signs in a process that ends again."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature (64 bytes) and the public key it can be checked with (32 bytes), both in hex."""

    signature: str
    public_key: str


def sign(seed: bytes, text: str) -> Signed:
    """`seed`: the 32 bytes of the private key. Source: RFC 8032."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(seed)
    return Signed(key.sign(text.encode()).hex(), key.public_key().public_bytes_raw().hex())


def is_signed(public_key: str, text: str, *, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


if __name__ == "__main__":
    seed, _, text = sys.stdin.read().partition("\n")
    made = sign(bytes.fromhex(seed), text)
    sys.stdout.write(f"{made.signature} {made.public_key}")
