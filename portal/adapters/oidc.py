"""A provider of OpenID Connect: its configuration and keys by discovery, codes for verified claims."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from portal.domain.errors import Refused, Unavailable
from portal.domain.oidc import AuthorizationRequest
from portal.kit.jwt import TokenUnfit, UnknownKey, verified

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS, LARGEST_ANSWER_BYTES = 10.0, 1_000_000
CONFIGURATION_SECONDS, KEYS_SECONDS, NEW_KEYS_SECONDS = 3600.0, 600.0, 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows this portal by. `groups_claim` is asked of it too where the token does not have it."""

    id: str
    secret: str = field(default="", repr=False)
    scopes: str = "openid profile email"
    groups_claim: str = "groups"


class OpenIdProvider:
    def __init__(
        self, issuer: str, client: Client, *, seconds: Callable[[], float] = monotonic, transport: Any = None
    ) -> None:
        self._issuer, self._client, self._seconds, self._transport = issuer, client, seconds, transport
        self._lock = Lock()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    @property
    def issuer(self) -> str:
        return self._issuer

    def authorization_url(self, request: AuthorizationRequest) -> str:
        asked = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": request.redirect_uri,
            "scope": self._client.scopes,
            "state": request.state,
            "nonce": request.nonce,
            "code_challenge": request.challenge,
            "code_challenge_method": "S256",
            **({"prompt": "login", "max_age": "0"} if request.is_fresh else {}),
        }
        start = str(self._configuration()["authorization_endpoint"])
        return f"{start}{'&' if '?' in start else '?'}{urlencode(asked)}"

    def claims(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client.id,
            "code_verifier": verifier,
        }
        basic = (self._client.id, self._client.secret) if self._client.secret else None
        answer = self._json("POST", str(self._configuration()["token_endpoint"]), data=form, auth=basic)
        try:
            claims = self._verified(str(answer["id_token"]))
        except (KeyError, TokenUnfit) as error:
            _log.warning("the identity provider sent a token that is not accepted", extra={"reason": str(error)})
            raise Refused("oidc_answer_bad", reason="id_token") from None
        return self._with_groups(claims, str(answer.get("access_token", "")))

    def _verified(self, token: str) -> Mapping[str, Any]:
        """By the keys that are known, or once more by fresh ones if the token names one that is not."""
        try:
            return verified(token, self._keys(KEYS_SECONDS), issuer=self._issuer, audience=self._client.id)
        except UnknownKey:
            return verified(token, self._keys(NEW_KEYS_SECONDS), issuer=self._issuer, audience=self._client.id)

    def _with_groups(self, claims: Mapping[str, Any], access_token: str) -> Mapping[str, Any]:
        """What the token leaves out is asked of the provider, and taken if it speaks of the same person."""
        start = self._configuration().get("userinfo_endpoint")
        if self._client.groups_claim in claims or not start or not access_token:
            return claims
        more = self._json("GET", str(start), headers={"Authorization": f"Bearer {access_token}"})
        if more.get("sub") != claims["sub"]:
            raise Refused("oidc_answer_bad", reason="userinfo")
        return {**more, **claims}

    def _configuration(self) -> dict[str, Any]:
        address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._cached(address, CONFIGURATION_SECONDS)
        if found.get("issuer") != self._issuer:
            raise Unavailable("oidc_unavailable", issuer=self._issuer, reason="issuer")
        return found

    def _keys(self, seconds: float) -> list[Mapping[str, Any]]:
        listed: object = self._cached(str(self._configuration()["jwks_uri"]), seconds).get("keys")
        keys = cast("list[object]", listed) if isinstance(listed, list) else []
        return [cast("Mapping[str, Any]", key) for key in keys if isinstance(key, dict)]

    def _cached(self, address: str, seconds: float) -> dict[str, Any]:
        """What was fetched less than so many seconds ago, or what is there now."""
        with self._lock:
            at, known = self._known.get(address, (0.0, {}))
            if known and self._seconds() - at < seconds:
                return known
            fetched = self._json("GET", address)
            self._known[address] = (self._seconds(), fetched)
            return fetched

    def _json(self, method: str, address: str, **request: Any) -> dict[str, Any]:
        import httpx

        try:
            with (
                httpx.Client(timeout=TIMEOUT_SECONDS, transport=self._transport) as client,
                client.stream(method, address, headers=request.pop("headers", None), **request) as answer,
            ):
                content = _bounded(answer)
                if answer.status_code in (400, 401, 403):
                    raise Refused("oidc_answer_bad", reason=_error_of(content))
                answer.raise_for_status()
            found: object = json.loads(content)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unavailable("oidc_unavailable", issuer=self._issuer, reason=type(error).__name__) from error
        if not isinstance(found, dict):
            raise Unavailable("oidc_unavailable", issuer=self._issuer, reason="JSON")
        return cast("dict[str, Any]", found)


def _bounded(answer: httpx.Response) -> bytes:
    content = bytearray()
    for chunk in answer.iter_bytes():
        content += chunk
        if len(content) > LARGEST_ANSWER_BYTES:
            raise ValueError("the answer is too large")
    return bytes(content)


def _error_of(content: bytes) -> str:
    """The code of an OAuth error, such as invalid_grant."""
    try:
        found: object = json.loads(content)
    except ValueError:
        return "?"
    code = cast("dict[str, object]", found).get("error") if isinstance(found, dict) else None
    return str(code)[:60] if isinstance(code, str) and code.isprintable() else "?"
