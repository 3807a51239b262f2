"""Tokens of others: what is not signed by a known key with a fixed algorithm, for us and for now, is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jose import jwk, jwt

from portal.kit.jwt import TokenUnfit, UnknownKey, verified

ISSUER, AUDIENCE = "https://id.example", "portal"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public(key: Any, algorithm: str, kid: str) -> dict[str, Any]:
    text = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {**jwk.construct(text, algorithm).to_dict(), "kid": kid, "use": "sig"}


KEYS = [public(RSA_KEY, "RS256", "one"), public(EC_KEY, "ES256", "two")]


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "42", "iat": now, "exp": now + 300, **changes}
    return {name: value for name, value in made.items() if value is not None}


def token(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str = "one", **changes: Any) -> str:
    return jwt.encode(claims(**changes), pem(key), algorithm, headers={"kid": kid})


def read(text: str) -> Any:
    return verified(text, KEYS, issuer=ISSUER, audience=AUDIENCE)


def test_a_good_token_is_read() -> None:
    assert read(token())["sub"] == "42"
    assert read(token(EC_KEY, "ES256", "two"))["sub"] == "42"


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "sub"])
def test_what_has_to_be_there_has_to_be_there(claim: str) -> None:
    changes: dict[str, Any] = {claim: None}
    with pytest.raises(TokenUnfit):
        read(token(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"aud": "another"},
        {"aud": ["portal", "another"]},
        {"exp": int(time.time()) - 120},
        {"nbf": int(time.time()) + 3600},
        {"sub": 42},
    ],
)
def test_for_somebody_else_or_another_time_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenUnfit):
        read(token(**changes))


def test_for_several_it_says_for_whom_it_was_made() -> None:
    assert read(token(aud=["portal", "another"], azp="portal"))["sub"] == "42"


def test_a_strangers_signature_is_refused() -> None:
    with pytest.raises(TokenUnfit):
        read(token(OTHER_KEY))


def test_a_key_of_another_name_may_be_a_new_one() -> None:
    with pytest.raises(UnknownKey):
        read(token(kid="three"))


def unsigned() -> str:
    import base64
    import json

    parts = ({"alg": "none", "kid": "one"}, claims())
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), ""])


def signed_with_the_public_key() -> str:
    """The confusion of CVE-2024-33663: the verifier's public key taken for an HMAC secret."""
    import base64
    import hashlib
    import hmac
    import json

    der = RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    parts = ({"alg": "HS256", "kid": "one"}, claims())
    head = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    mark = hmac.digest(der, head.encode(), hashlib.sha256)
    return f"{head}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"


@pytest.mark.parametrize("text", [unsigned(), signed_with_the_public_key(), "", "a.b.c", "x" * 40_000, "é.é.é"])
def test_no_other_algorithm_and_no_nonsense_is_accepted(text: str) -> None:
    with pytest.raises(TokenUnfit):
        read(text)


def test_a_changed_token_is_refused() -> None:
    head, body, signature = token().split(".")
    other_head, other_body, _ = token(sub="43").split(".")
    for forged in (f"{head}.{other_body}.{signature}", f"{other_head}.{body}.{signature[:-4]}AAAA"):
        with pytest.raises(TokenUnfit):
            read(forged)


def test_only_this_wrapper_uses_the_library() -> None:
    from pathlib import Path

    root = Path(__file__).resolve().parents[2] / "portal"
    users = [path.name for path in root.rglob("*.py") if "jose" in path.read_text("utf-8").split()]
    assert users == ["jwt.py"]
