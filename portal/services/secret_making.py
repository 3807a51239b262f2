"""Makes values of secrets: passwords, tokens, keys. They are written nowhere but into their sealed version."""

from __future__ import annotations

import base64
import secrets
import string

from portal.domain.errors import Invalid
from portal.domain.secret_rotation import Generator, Rotation, length_of

LETTERS = string.ascii_letters + string.digits + "-_.~"  # nothing that a URL, a shell or an .env file takes for its own


def made_value(rotation: Rotation) -> bytes:
    """A new value. Invalid("secret_not_generated") where a person or a command in a container makes it.

    A key is made as PEM (PKCS #8); its public half is found by any tool from it.
    """
    length = length_of(rotation)
    match rotation.generator:
        case Generator.PASSWORD:
            return "".join(secrets.choice(LETTERS) for _ in range(length)).encode()
        case Generator.HEX:
            return secrets.token_hex(length).encode()
        case Generator.BASE64:
            return base64.b64encode(secrets.token_bytes(length))
        case Generator.ED25519 | Generator.RSA:
            return _key(rotation.generator, length)
        case _:
            raise Invalid("secret_not_generated", field="rotation.generator")


def _key(kind: Generator, bits: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    is_rsa = kind is Generator.RSA
    key = rsa.generate_private_key(65537, bits) if is_rsa else ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_half(value: bytes) -> str:
    """The public key of a private one in PEM, as OpenSSH writes it; empty for anything else."""
    if not value.startswith(b"-----BEGIN PRIVATE KEY-----"):
        return ""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(value, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return ""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
