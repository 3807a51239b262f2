"""`codex-portal secret`: secrets of environments. Values come from standard input or a file, never as an argument."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.edits import read_mapping
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done, show_list, show_one
from portal.cli.words import say
from portal.domain.errors import Invalid
from portal.domain.secret import LARGEST_BYTES, SecretForm
from portal.domain.secret_rotation import Generator

secret = group("secret")
COLUMNS = ("environment", "name", "service", "form", "version", "due_at", "users")
FIELDS = (*COLUMNS, "target", "description", "created_by", "created_at")
VERSION_COLUMNS = ("number", "state", "origin", "created_by", "created_at", "used_since", "revoked_at")


def path_of(place: str, more: str = "") -> str:
    """Of `prod/db-password`. Invalid("cli_secret_bad")."""
    environment, slash, name = place.partition("/")
    if not (environment and slash and name) or "/" in name:
        raise Invalid("cli_secret_bad", text=place[:100])
    return f"/secrets/{quote(environment, safe='')}/{quote(name, safe='')}{more}"


def _row(shown: dict[str, Any]) -> dict[str, Any]:
    return {**shown, "users": len(shown["used_by"])}


def _value(path: str) -> dict[str, str]:
    """Of a file, or asked for on a terminal, or standard input without its last line break."""
    if path == "-" and sys.stdin.isatty():
        text = click.prompt(say("cli.prompt.secret"), hide_input=True, confirmation_prompt=True, err=True)
        return {"secret": text}
    try:
        content = sys.stdin.buffer.read(LARGEST_BYTES + 2) if path == "-" else _start_of(path)
    except OSError as error:
        raise Invalid("cli_file_unreadable", path=path, reason=error.strerror or "") from None
    if path == "-":
        content = content.removesuffix(b"\n")
    return {"secret_base64": base64.b64encode(content).decode()}


def _start_of(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(LARGEST_BYTES + 2)


@remote(secret, "list")
@option("--environment", default="")
@option("--service", default="")
@option("--state", default="", type=click.Choice(["", "due", "overdue"]))
@option("--text", default="")
@option("--limit", type=int, default=50, show_default=True)
def list_secrets(limit: int, **wanted: str) -> None:
    rows = portal().items("/secrets", limit=limit, **wanted)
    show_list([_row(row) for row in rows], COLUMNS, empty="cli.empty.secrets")


@remote(secret, "show")
@argument("place", metavar="ENVIRONMENT/NAME")
def show_secret(place: str) -> None:
    shown = portal().get(path_of(place))
    if invocation().is_json:
        print_json(shown)
        return
    show_one(_row(shown), FIELDS)
    show_list(shown["versions"], VERSION_COLUMNS, empty="cli.empty.secrets")


@remote(secret, "create")
@argument("place", metavar="ENVIRONMENT/NAME")
@option("--service", default="")
@option("--as", "secret_form", type=click.Choice([str(form) for form in SecretForm]), default="file", show_default=True)
@option("--target", "secret_target", default="")
@option("--description", default="")
@option("--generate", type=click.Choice([str(kind) for kind in Generator if kind not in ("none", "command")]))
@option("--length", type=int, default=0)
@option("--every-days", type=int, default=0)
@option("--file", "source", default="-", metavar="FILE|-")
@option("--reason", "-m", default="")
@option("--key", default="")
def create_secret(place: str, *, generate: str | None, source: str, key: str, **order: Any) -> None:
    """Without --generate the value is read from a file or standard input."""
    path_of(place)
    environment, _, name = place.partition("/")
    reason = order.pop("reason")
    rotation = {"generator": generate or "none", **{field: order.pop(field) for field in ("length", "every_days")}}
    body = {"environment": environment, "name": name, "rotation": rotation} | ({} if generate else _value(source))
    body |= {field.removeprefix("secret_"): given for field, given in order.items()}
    made = portal().post("/secrets", body, key=key, reason=reason)
    show_done(made, "cli.done.secret_created", place=place)


@remote(secret, "set")
@argument("place", metavar="ENVIRONMENT/NAME")
@option("--file", "source", default="-", metavar="FILE|-")
@option("--generate", is_flag=True)
@option("--next", "is_next", is_flag=True)
@option("--reason", "-m", default="")
@option("--key", default="")
def set_secret(place: str, *, source: str, generate: bool, is_next: bool, **asked: str) -> None:
    body = {"is_next": is_next} | ({} if generate else _value(source))
    made = portal().post(path_of(place, "/versions"), body, **asked)
    show_done(made, "cli.done.secret_set", place=place, version=made["versions"][0]["number"])


@remote(secret, "edit")
@argument("place", metavar="ENVIRONMENT/NAME")
@option("--file", "source", required=True, metavar="FILE|-")
@option("--reason", "-m", default="")
def edit_secret(place: str, *, source: str, reason: str) -> None:
    """What is known about it, from YAML or JSON as `secret show --json` prints it; never its value."""
    given = read_mapping(source)
    known = ("service", "form", "target", "description", "rotation")
    body = {name: given[name] for name in known if name in given}
    show_done(portal().put(path_of(place), body, reason=reason), "cli.done.secret_saved", place=place)


@remote(secret, "rotate")
@argument("place", metavar="ENVIRONMENT/NAME")
@option("--reason", "-m", default="")
@option("--key", default="")
def rotate_secret(place: str, *, reason: str, key: str) -> None:
    """`operation wait` waits for its end."""
    started = portal().post(path_of(place, "/rotations"), {}, key=key, reason=reason)
    show_done(started, "cli.done.secret_rotating", place=place, operation=started["operation"])


@remote(secret, "reveal")
@argument("place", metavar="ENVIRONMENT/NAME")
@option("--version", "secret_version", type=int, default=0)
@option("--reason", "-m", required=True)
def reveal_secret(place: str, *, secret_version: int, reason: str) -> None:
    """The value alone goes to standard output, so that a script can take it."""
    shown = portal().post(path_of(place, "/reveal"), {"version": secret_version, "reason": reason})
    if invocation().is_json:
        print_json(shown)
    else:
        click.echo(shown["secret"])


@remote(secret, "revoke")
@argument("place", metavar="ENVIRONMENT/NAME")
@argument("version", type=int)
@option("--reason", "-m", required=True)
def revoke_secret(place: str, *, version: int, reason: str) -> None:
    portal().delete(path_of(place, f"/versions/{version}"), reason=reason)
    show_done({"place": place, "version": version}, "cli.done.secret_revoked", place=place, version=version)


@remote(secret, "remove")
@argument("place", metavar="ENVIRONMENT/NAME")
@option("--reason", "-m", required=True)
def remove_secret(place: str, *, reason: str) -> None:
    portal().delete(path_of(place), reason=reason)
    show_done({"place": place}, "cli.done.secret_removed", place=place)


@remote(secret, "rotate-master-key")
@option("--reason", "-m", required=True)
@option("--key", default="")
def rotate_master_key(*, reason: str, key: str) -> None:
    """`operation wait` waits for its end."""
    started = portal().post("/master-key/rotations", {"reason": reason}, key=key)
    show_done(started, "cli.done.master_key_rotating", operation=started["operation"])
