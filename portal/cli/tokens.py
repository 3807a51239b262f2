"""`codex-portal token`: what programs come with to this machine's portal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from portal.cli.commands import argument, group, invocation, local, option
from portal.cli.own import own_portal
from portal.cli.tables import print_json, show_done, show_list
from portal.cli.words import say
from portal.domain.access import EVERYWHERE, Permission
from portal.domain.identity import Token, TokenOrder

token = group("token")
COLUMNS = ("id", "prefix", "name", "user", "scopes", "created_at", "expires_at", "used_at", "revoked_at")


def _document(shown: Token) -> dict[str, Any]:
    names = [name for name in COLUMNS if name.endswith("_at")]
    times = {name: at.isoformat() if (at := getattr(shown, name)) else None for name in names}
    return {**asdict(shown), **times, "scopes": None if shown.scopes is None else sorted(shown.scopes)}


@local(token, "create")
@argument("name")
@option("--user", "-u", required=True)
@option("--scope", "scopes", multiple=True, type=click.Choice([str(p) for p in Permission]), metavar="PERMISSION")
@option("--days", "expires_days", type=int, default=90, show_default=True)
@option("--reason", "-m", default="")
def create_token(name: str, *, user: str, scopes: tuple[str, ...], expires_days: int, reason: str) -> None:
    """The secret alone goes to standard output, so that a script can take it."""
    narrowed = frozenset(Permission(scope) for scope in scopes) if scopes else None
    with own_portal() as (core, operator):
        order = TokenOrder(name, user, narrowed, expires_days)
        secret, made = core.identity.create_token(operator, order, reason=reason)
    if invocation().is_json:
        print_json({**_document(made), "secret": secret})
        return
    click.echo(say("cli.done.token_created"), err=True)
    click.echo(secret)


@local(token, "list")
@option("--user", "-u", default=EVERYWHERE)
def list_tokens(user: str) -> None:
    with own_portal() as (core, operator):
        rows = [_document(one) for one in core.identity.tokens(operator, user=user)]
    show_list(rows, COLUMNS, empty="cli.empty.tokens")


@local(token, "revoke")
@argument("token_id", type=int, metavar="ID")
@option("--reason", "-m", default="")
def revoke_token(token_id: int, reason: str) -> None:
    with own_portal() as (core, operator):
        revoked = core.identity.revoke_token(operator, token_id, reason=reason)
    show_done(_document(revoked), "cli.done.token_revoked", id=token_id)
