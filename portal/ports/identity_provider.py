"""Somebody else who says who people are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from portal.domain.oidc import AuthorizationRequest


class IdentityProvider(Protocol):
    """Unavailable("oidc_unavailable") where the provider does not answer."""

    @property
    def issuer(self) -> str: ...

    def authorization_url(self, request: AuthorizationRequest) -> str:
        """Where the browser goes to sign in."""
        ...

    def claims(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """What the provider says of the person who came back with the code, verified. Refused("oidc_answer_bad")."""
        ...
