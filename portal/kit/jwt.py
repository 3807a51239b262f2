"""Reads signed tokens of others (JWT): the one place that uses python-jose, because its defaults accept too much.

Algorithms are fixed to public-key ones, keys come from a JWKS and nowhere else, and exp, iat, iss, aud and sub must be
there and right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
LEEWAY_SECONDS = 60
LONGEST_TOKEN = 32_768
_DEMANDED = ("exp", "iat", "iss", "aud", "sub")


class TokenUnfit(Exception):
    """The token is not what it should be. The message says why, for the log."""


class UnknownKey(TokenUnfit):
    """None of the keys has the name that the token gives: they may have been changed meanwhile."""


def verified(token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, audience: str) -> Mapping[str, Any]:
    """The claims of a token that one of the keys (those of a JWKS) has signed, for this audience. TokenUnfit(…)."""
    from jose import JOSEError, jwt

    if len(token) > LONGEST_TOKEN:
        raise TokenUnfit("too long")
    options = {f"require_{claim}": True for claim in _DEMANDED} | {"verify_at_hash": False, "leeway": LEEWAY_SECONDS}
    try:
        algorithm, key = _key_of(jwt.get_unverified_header(token), keys)
        claims = jwt.decode(token, dict(key), algorithms=[algorithm], audience=audience, issuer=issuer, options=options)
    except JOSEError as error:
        raise TokenUnfit(str(error)) from None
    _check_audience(claims, audience)
    return claims


def _key_of(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
    """The algorithm and the key that the header names, if they belong together."""
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS or "crit" in header:
        raise TokenUnfit(f"algorithm {algorithm[:20]} is not accepted")
    fitting = [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]
    if len(fitting) != 1:
        raise UnknownKey("no key, or more than one, has this name")
    return algorithm, fitting[0]


def _check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """A token for several must say that it was made for this one."""
    given = claims["aud"]
    if isinstance(given, list) and len(cast("list[object]", given)) > 1 and claims.get("azp") != audience:
        raise TokenUnfit("made for somebody else")
