"""`codex-portal user`: the people of this machine's portal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from portal.cli.commands import argument, group, invocation, local, option
from portal.cli.own import own_portal, own_settings
from portal.cli.tables import print_json, show_done, show_list
from portal.cli.words import say
from portal.domain.access import EVERYWHERE, Grant, Permission, Role
from portal.domain.errors import Invalid
from portal.domain.identity import LONGEST_PASSWORD, NewPerson, NewUser, SessionQuery, User, invitation_path
from portal.services.identity import Identity
from portal.services.invitations import RESET_HOURS

user = group("user")
COLUMNS = ("name", "display_name", "grants", "is_disabled", "has_second_factor", "created_at", "signed_in_at")
SESSION_COLUMNS = ("id", "user", "address", "way", "created_at", "seen_at", "expires_at")
_MOMENTS = ("created_at", "seen_at", "expires_at")


def grant(text: str) -> Grant:
    """`developer` everywhere, or `developer@staging`. Invalid("role_unknown")."""
    role, _, environment = text.partition("@")
    if role not in tuple(Role):
        raise Invalid("role_unknown", role=role[:60], known=", ".join(Role))
    return Grant(Role(role), environment or EVERYWHERE)


def written(given: Grant) -> str:
    return str(given.role) if given.environment == EVERYWHERE else f"{given.role}@{given.environment}"


def _document(shown: User) -> dict[str, Any]:
    times = {
        name: at.isoformat() if (at := getattr(shown, name)) else None
        for name in ("created_at", "signed_in_at", "locked_until")
    }
    return {**asdict(shown), **times, "grants": [written(given) for given in shown.grants]}


def _password() -> str:
    """Asked for twice on a terminal, else the first line of standard input; never an argument, which others see."""
    if sys.stdin.isatty():
        return click.prompt(say("cli.prompt.password"), hide_input=True, confirmation_prompt=True, err=True)
    return sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\n")


@local(user, "list")
def list_users() -> None:
    with own_portal() as (core, operator):
        rows = [_document(one) for one in core.identity.users(operator)]
    show_list(rows, COLUMNS, empty="cli.empty.users")


@local(user, "add")
@argument("name")
@option("--role", "grants", multiple=True, metavar="ROLE[@ENVIRONMENT]")
@option("--display-name", default="")
@option("--reason", "-m", default="")
def add_user(name: str, *, grants: tuple[str, ...], display_name: str, reason: str) -> None:
    given = tuple(grant(text) for text in grants)
    with own_portal() as (core, operator):
        new = NewUser(name, _password(), given, display_name)
        added = core.identity.create_user(operator, new, reason=reason)
    show_done(_document(added), "cli.done.user_added", name=name)


@local(user, "passwd")
@argument("name")
@option("--reason", "-m", default="")
def set_password(name: str, reason: str) -> None:
    with own_portal() as (core, operator):
        core.identity.set_password(operator, name, _password(), reason=reason)
    show_done({"name": name}, "cli.done.password_set", name=name)


@local(user, "grant")
@argument("name")
@argument("roles", nargs=-1, required=True, metavar="ROLE[@ENVIRONMENT]…")
@option("--reason", "-m", default="")
def set_grants(name: str, *, roles: tuple[str, ...], reason: str) -> None:
    given = [grant(text) for text in roles]
    with own_portal() as (core, operator):
        changed = core.identity.set_grants(operator, name, given, reason=reason)
    show_done(_document(changed), "cli.done.granted", name=name, grants=", ".join(map(written, changed.grants)))


def _act(name: str, told: str, act: Callable[..., User]) -> None:
    @local(user, name)
    @argument("name")
    @option("--reason", "-m", default="")
    def done(name: str, reason: str) -> None:
        with own_portal() as (core, operator):
            changed = act(core.identity, operator, name, reason=reason)
        show_done(_document(changed), told, name=name)


_act("disable", "cli.done.disabled", Identity.disable)
_act("enable", "cli.done.enabled", Identity.enable)
_act("unlock", "cli.done.unlocked", Identity.unlock)


@local(user, "invite")
@argument("name")
@option("--role", "grants", multiple=True, metavar="ROLE[@ENVIRONMENT]")
@option("--display-name", default="")
@option("--hours", type=int, default=72, show_default=True)
@option("--reason", "-m", default="")
def invite_user(name: str, *, grants: tuple[str, ...], display_name: str, hours: int, reason: str) -> None:
    """The link alone goes to standard output, so that a script can take it."""
    given = tuple(grant(text) for text in grants)
    with own_portal() as (core, operator):
        new = NewPerson(name, given, display_name, hours)
        secret, _ = core.identity.invite(operator, new, reason=reason)
    _show_link(name, secret)


@local(user, "link")
@argument("name")
@option("--hours", type=int, default=RESET_HOURS, show_default=True)
@option("--reason", "-m", default="")
def make_link(name: str, *, hours: int, reason: str) -> None:
    with own_portal() as (core, operator):
        secret = core.identity.make_reset_link(operator, name, hours=hours, reason=reason)
    _show_link(name, secret)


def _show_link(name: str, secret: str) -> None:
    link = f"{own_settings().address}{invitation_path(name)}#{secret}"
    if invocation().is_json:
        print_json({"name": name, "link": link})
        return
    click.echo(say("cli.done.link_made", name=name), err=True)
    click.echo(link)


@local(user, "second-factor-off")
@argument("name")
@option("--reason", "-m", default="")
def remove_second_factor(name: str, reason: str) -> None:
    with own_portal() as (core, operator):
        core.identity.remove_second_factor(operator, name, reason=reason)
    show_done({"name": name}, "cli.done.second_factor_off", name=name)


@local(user, "sessions")
@argument("name", default=EVERYWHERE)
@option("--limit", type=int, default=50, show_default=True)
def list_sessions(name: str, limit: int) -> None:
    with own_portal() as (core, operator):
        found = core.identity.sessions(operator, SessionQuery(name, limit=limit)).items
    rows = [{**asdict(one), **{at: getattr(one, at).isoformat() for at in _MOMENTS}} for one in found]
    show_list(rows, SESSION_COLUMNS, empty="cli.empty.sessions")


@local(user, "sign-out")
@argument("name")
@option("--reason", "-m", default="")
def end_sessions(name: str, reason: str) -> None:
    with own_portal() as (core, operator):
        ended = core.identity.end_sessions(operator, name, reason=reason)
    show_done({"name": name, "ended": ended}, "cli.done.signed_out", name=name, n=ended)


@local(user, "may")
@argument("name")
@argument("permission", type=click.Choice([str(permission) for permission in Permission]))
@argument("environment", default=EVERYWHERE)
def explain_user(name: str, *, permission: str, environment: str) -> None:
    with own_portal() as (core, operator):
        asked = core.access.explanation
        found = asked(operator, Permission(permission), person=name, environment=environment)
    answer = found.answer
    by = answer.because or tuple(Grant(role, answer.place) for role in answer.would_need)
    key = "cli.done.may" if answer.is_allowed else "cli.done.may_not"
    spoken = {"name": name, "grants": ", ".join(map(written, by)), "granters": ", ".join(found.granters) or "-"}
    show_done({**asdict(found), "because": [written(grant) for grant in answer.because]}, key, **spoken)
