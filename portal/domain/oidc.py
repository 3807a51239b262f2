"""Signing in by another provider (OpenID Connect): what it says of a person, and which roles its groups give."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from portal.domain.access import EVERYWHERE, Grant, Role
from portal.domain.errors import Refused

LONGEST_AGE = timedelta(days=366)
LONGEST_SUBJECT, LONGEST_GROUP, MOST_GROUPS = 255, 200, 1000
_UNFIT = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Whoever is in the group has the grant."""

    group: str
    grant: Grant

    def __str__(self) -> str:
        """As it is written in the settings."""
        place = "" if self.grant.environment == EVERYWHERE else f"@{self.grant.environment}"
        return f"{self.group}={self.grant.role}{place}"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What the browser takes to the provider. `challenge` is the SHA-256 of a secret that stays here (PKCE, S256).

    `is_fresh`: the provider is to ask the person for their password anew, whoever it takes them for.
    """

    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody as their provider knows them. Only `issuer` and `subject` together say who it is: names and addresses
    can be given to others later.
    """

    issuer: str
    subject: str
    name: str
    display_name: str = ""
    label: str = ""
    groups: tuple[str, ...] = field(default=())


def parse_rules(text: str) -> tuple[GroupRule, ...]:
    """From `GROUP=ROLE[@ENVIRONMENT]`, several with commas between. ValueError for anything else."""
    rules: list[GroupRule] = []
    for part in text.split(","):
        group, separator, given = part.strip().rpartition("=")
        role, _, environment = given.strip().partition("@")
        if not separator or not group.strip():
            raise ValueError(part)
        rules.append(GroupRule(group.strip(), Grant(Role(role), environment or EVERYWHERE)))
    return tuple(rules)


def grants_of(groups: Sequence[str], rules: Sequence[GroupRule]) -> tuple[Grant, ...]:
    """What the rules give to somebody in these groups, without repetition."""
    return tuple(dict.fromkeys(rule.grant for rule in rules if rule.group in groups))


def stranger_of(claims: Mapping[str, Any], *, groups_claim: str) -> Stranger:
    """Refused("oidc_answer_bad") for claims that name nobody."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise Refused("oidc_answer_bad", reason="sub")
    address = _text(claims.get("email"))
    name = user_name_of(_text(claims.get("preferred_username")) or address.partition("@")[0])
    display_name = "".join(sign for sign in _text(claims.get("name"))[:100] if sign.isprintable())
    return Stranger(str(claims["iss"]), subject, name, display_name, address[:200], _groups(claims.get(groups_claim)))


def age_of(claims: Mapping[str, Any]) -> timedelta:
    """How long before these claims the person last showed the provider who they are; nothing where it does not say.

    Both moments are the provider's own, so that its clock may differ from the portal's.
    """
    shown, issued = claims.get("auth_time"), claims.get("iat")
    if not isinstance(shown, int | float) or not isinstance(issued, int | float):
        return timedelta()
    return timedelta(seconds=min(max(issued - shown, 0), LONGEST_AGE.total_seconds()))


def user_name_of(text: str) -> str:
    """The text as a user's name can be; empty if nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _UNFIT.sub("-", plain).strip("-._")[:63]


def _groups(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        return ()
    listed = cast("list[object]", given)[:MOST_GROUPS]
    return tuple(group for group in listed if isinstance(group, str) and len(group) <= LONGEST_GROUP)


def _text(given: object) -> str:
    return given.strip() if isinstance(given, str) else ""
