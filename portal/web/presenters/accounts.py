"""People, their sessions and tokens, as the pages show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.domain.access import EVERYWHERE, Grant, Permission, Role
from portal.domain.identity import ExternalIdentity, Invitation, OpenSession, Token, User
from portal.web.presenters.marks import BAD, IDLE, OK, WAIT, WARN, Badge, Option, environment_words, epoch
from portal.web.words import Words, has_words, words

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_PROGRAM = re.compile(r"[\w.-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A role and where it holds; `key` names it in the form, as `release_manager@prod`."""

    key: str
    role: Words
    place: Words
    is_everywhere: bool


@dataclass(frozen=True, slots=True)
class SessionLine:
    id: str
    user: str
    browser: Words
    agent: str
    address: str
    way: Words
    created_at: float
    seen_at: float
    expires_at: float
    is_own: bool


@dataclass(frozen=True, slots=True)
class UserLine:
    name: str = ""
    display_name: str = ""
    href: str = ""
    grants: tuple[GrantLine, ...] = ()
    badges: tuple[Badge, ...] = ()
    created_at: float = 0.0
    signed_in_at: float = 0.0
    is_disabled: bool = False
    is_locked: bool = False
    is_invited: bool = False
    has_second_factor: bool = False
    link_ends_at: float = 0.0


@dataclass(frozen=True, slots=True)
class TokenLine:
    id: str
    name: str
    prefix: str
    user: str
    badge: Badge
    scopes: tuple[Words, ...]
    is_whole: bool
    is_open: bool
    created_at: float
    expires_at: float
    used_at: float


def grant_line(grant: Grant) -> GrantLine:
    is_everywhere = grant.environment == EVERYWHERE
    place = words("grant.everywhere") if is_everywhere else environment_words(grant.environment)
    return GrantLine(f"{grant.role}@{grant.environment}", words(f"role.{grant.role}"), place, is_everywhere)


def grant_of(key: str) -> Grant:
    """The reverse of `GrantLine.key`; ValueError for what is none."""
    role, _, environment = key.partition("@")
    return Grant(Role(role), environment or EVERYWHERE)


def session_line(session: OpenSession) -> SessionLine:
    return SessionLine(
        id=session.id,
        user=session.user,
        browser=browser_words(session.agent),
        agent=session.agent,
        address=session.address,
        way=words(f"way.{session.way}") if has_words(f"way.{session.way}") else words("way.password"),
        created_at=epoch(session.created_at),
        seen_at=epoch(session.seen_at),
        expires_at=epoch(session.expires_at),
        is_own=session.is_own,
    )


def browser_words(agent: str) -> Words:
    """ "Firefox on Linux"; a program's own name; or that it is not known."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return words("session.browser_on", browser=browser, system=system)
    program = _PROGRAM.match(agent)
    return Words(program[0], program[0]) if program else words("session.unknown_browser")


def user_line(user: User, now: datetime, invitation: Invitation | None = None) -> UserLine:
    is_locked = user.locked_until is not None and user.locked_until > now
    return UserLine(
        name=user.name,
        display_name=user.display_name,
        href=f"/users/{user.name}",
        grants=tuple(grant_line(grant) for grant in user.grants),
        badges=tuple(_user_badges(user, is_locked=is_locked, is_invited=invitation is not None)),
        created_at=epoch(user.created_at),
        signed_in_at=epoch(user.signed_in_at),
        is_disabled=user.is_disabled,
        is_locked=is_locked,
        is_invited=invitation is not None,
        has_second_factor=user.has_second_factor,
        link_ends_at=epoch(invitation.expires_at) if invitation else 0.0,
    )


def _user_badges(user: User, *, is_locked: bool, is_invited: bool) -> list[Badge]:
    badges: list[Badge] = []
    if user.is_disabled:
        badges.append(Badge(BAD, "x", words("user.disabled")))
    if is_locked:
        badges.append(Badge(WARN, "clock", words("user.locked")))
    if is_invited:
        badges.append(Badge(WAIT, "user-check", words("user.invited")))
    if user.is_password_temporary:
        badges.append(Badge(WARN, "triangle-alert", words("user.temporary_password")))
    if user.has_second_factor:
        badges.append(Badge(OK, "shield-check", words("user.second_factor")))
    return badges or [Badge(OK, "check", words("user_state.active"))]


def token_line(token: Token, now: datetime) -> TokenLine:
    return TokenLine(
        id=str(token.id),
        name=token.name,
        prefix=token.prefix,
        user=token.user,
        badge=_token_badge(token, now),
        scopes=tuple(words(f"permission.{scope}") for scope in Permission if scope in (token.scopes or ())),
        is_whole=token.scopes is None,
        is_open=token.is_valid(now),
        created_at=epoch(token.created_at),
        expires_at=epoch(token.expires_at),
        used_at=epoch(token.used_at),
    )


def _token_badge(token: Token, now: datetime) -> Badge:
    if token.revoked_at is not None:
        return Badge(IDLE, "x", words("token.revoked"))
    if now >= token.expires_at:
        return Badge(IDLE, "clock", words("token.expired"))
    return Badge(OK, "check", words("token.valid"))


@dataclass(frozen=True, slots=True)
class IdentityLine:
    issuer: str
    label: str
    linked_at: float


def identity_line(identity: ExternalIdentity) -> IdentityLine:
    return IdentityLine(identity.issuer, identity.label, epoch(identity.linked_at))


def role_options() -> list[Option]:
    return [Option(role, words(f"role.{role}")) for role in Role]


def place_options(names: Sequence[str]) -> list[Option]:
    return [Option(EVERYWHERE, words("grant.everywhere")), *(Option(name, environment_words(name)) for name in names)]
