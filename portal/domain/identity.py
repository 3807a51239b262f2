"""Users, their tokens, and the rules for names, passwords and repeated failures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from portal.domain.access import DANGEROUS, Actor, Grant, Permission
from portal.domain.errors import Invalid, Refused

SHORTEST_PASSWORD, LONGEST_PASSWORD, FEWEST_DIFFERENT = 12, 200, 5
LONGEST_DISPLAY_NAME = 100
LONGEST_TOKEN_DAYS = 366
USER_ORDERS = ("name", "created_at", "signed_in_at")
USER_STATES = ("active", "disabled", "locked", "invited")
LONGEST_ADDRESS, LONGEST_AGENT = 100, 200
SESSION_ID_LENGTH = 16
LANGUAGES, THEMES = ("zh", "en"), ("light", "dark")
LONGEST_INVITATION_HOURS = 30 * 24
MOST_GRANTS = 100
FREE_FAILURES = 5
LONGEST_LOCK = timedelta(minutes=5)
TOKEN_PREFIX = "cfp_"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True)
class User:
    """A person. `is_password_temporary`: somebody else chose the password, and it should be changed."""

    name: str
    display_name: str
    grants: tuple[Grant, ...]
    created_at: datetime
    signed_in_at: datetime | None = None
    is_disabled: bool = False
    is_password_temporary: bool = False
    has_password: bool = True
    has_second_factor: bool = False
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which users are wanted: `text` is in a name; `role` and `environment` of a grant; `sort` one of USER_ORDERS,
    with a `-` before it downwards.
    """

    text: str = ""
    role: str = ""
    environment: str = ""
    state: str = ""
    sort: str = "name"
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A signed-in browser as people see it. `id` tells sessions apart and opens nothing; `way` is how they came in."""

    id: str
    user: str
    address: str
    agent: str
    way: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Which sessions are wanted: `user` empty for one's own, `*` for all; `text` in name, address or browser."""

    user: str = ""
    text: str = ""
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a sign-in comes from: the address, and what the browser calls itself."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link by which somebody sets their own password, once, until it ends. `kind` is invitation or reset."""

    id: int
    user: str
    kind: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """That a user is known at another provider. `label` is for people to recognise it by."""

    issuer: str
    label: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person likes to read; empty for what the browser says. `zone` is a name of the IANA time zone database."""

    language: str = ""
    theme: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who is invited and sets their own password."""

    name: str
    grants: tuple[Grant, ...] = ()
    display_name: str = ""
    hours: int = 72


@dataclass(frozen=True, slots=True)
class NewUser:
    name: str
    password: str = field(repr=False)
    grants: tuple[Grant, ...] = ()
    display_name: str = ""
    is_password_temporary: bool = True


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; of its secret only the first characters are known. `scopes` None: all that its owner may."""

    id: int
    prefix: str
    name: str
    user: str
    scopes: frozenset[Permission] | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class TokenQuery:
    """Which tokens are wanted: `user` empty for one's own, `*` for everybody's; `text` in its name or its owner's."""

    user: str = ""
    text: str = ""
    is_valid: bool = False
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """`user` empty: for oneself. `scopes` None: everything that its owner may."""

    name: str
    user: str = ""
    scopes: frozenset[Permission] | None = None
    days: int = 90


def check_user_name(name: str) -> str:
    """Invalid("user_name_bad")."""
    if not _NAME.fullmatch(name):
        raise Invalid("user_name_bad", name=name[:60], field="name")
    return name


def check_display_name(text: str) -> str:
    """Invalid("display_name_bad")."""
    if len(text) > LONGEST_DISPLAY_NAME or not (text.isprintable() or not text):
        raise Invalid("display_name_bad", limit=LONGEST_DISPLAY_NAME, field="display_name")
    return text


def check_password(password: str, name: str) -> str:
    """Length counts, not kinds of characters (NIST SP 800-63B). Invalid("password_too_short"), … _long, … _simple."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("password_too_short", limit=SHORTEST_PASSWORD, field="password")
    if len(password) > LONGEST_PASSWORD:
        raise Invalid("password_too_long", limit=LONGEST_PASSWORD, field="password")
    is_name = password.lower().strip("0123456789") in (name, name * 2)
    if len(set(password)) < FEWEST_DIFFERENT or is_name:
        raise Invalid("password_too_simple", field="password")
    return password


def check_preferences(wanted: Preferences) -> Preferences:
    """Invalid("preference_bad", field=…)."""
    for name, value, known in (("language", wanted.language, LANGUAGES), ("theme", wanted.theme, THEMES)):
        if value and value not in known:
            raise Invalid("preference_bad", field=name, value=value[:40])
    if wanted.zone and not is_zone(wanted.zone):
        raise Invalid("preference_bad", field="zone", value=wanted.zone[:40])
    return wanted


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name, such as Asia/Shanghai."""
    return name in available_timezones()


def check_grants(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Invalid("too_many_grants")."""
    if len(grants) > MOST_GRANTS:
        raise Invalid("too_many_grants", limit=MOST_GRANTS, field="grants")
    return grants


def check_hours(hours: int) -> timedelta:
    """Invalid("invitation_hours_bad")."""
    if not 1 <= hours <= LONGEST_INVITATION_HOURS:
        raise Invalid("invitation_hours_bad", limit=LONGEST_INVITATION_HOURS, field="hours")
    return timedelta(hours=hours)


def invitation_path(name: str) -> str:
    """Where an invited person goes. The secret follows behind a `#`: browsers keep that part, so no log on the way has
    it.
    """
    return f"/invitation?name={name}"


def is_wide(order: TokenOrder) -> bool:
    """Whether a token of this order could do what is dangerous in wrong hands."""
    return order.scopes is None or bool(order.scopes & DANGEROUS)


def check_token(order: TokenOrder, creator: Actor) -> TokenOrder:
    """Nobody makes a token that may more than they. Invalid("token_name_bad" | "token_days_bad"), Refused(…)."""
    if not 1 <= len(order.name) <= 60 or not order.name.isprintable():
        raise Invalid("token_name_bad", limit=60, field="name")
    if not 1 <= order.days <= LONGEST_TOKEN_DAYS:
        raise Invalid("token_days_bad", limit=LONGEST_TOKEN_DAYS, field="days")
    if creator.scopes is not None and not (order.scopes is not None and order.scopes <= creator.scopes):
        raise Refused("token_scope_too_wide")
    return order


def lock_after(failures: int) -> timedelta:
    """How long no further password is tried after so many failures in a row: doubling from 2 s, at most 5 minutes."""
    if failures < FREE_FAILURES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), LONGEST_LOCK)
