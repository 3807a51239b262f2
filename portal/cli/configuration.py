"""`codex-portal configuration`: settings of services, why they are so, their versions, promotion, import and export."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.configuration_views import show_answers, show_changes, show_history, show_settings
from portal.cli.edits import read_mapping, read_text
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done
from portal.cli.words import say
from portal.domain.configuration import Value, read
from portal.domain.configuration_text import parse_contract
from portal.domain.errors import Invalid

configuration = group("configuration")


def path_of(service: str, environment: str, *, more: str = "") -> str:
    return f"/configuration/{quote(service, safe='')}/{quote(environment, safe='')}{more}"


def service_path(service: str, more: str) -> str:
    return f"/services/{quote(service, safe='')}{more}"


def typed(schema: object, changes: Iterable[str]) -> dict[str, Value]:
    """`maxConcurrent=9` as the key takes it. Invalid("cli_change_bad"), or the way in which the value is wrong."""
    contract, values = parse_contract(schema), dict[str, Value]()
    for change in changes:
        name, separator, text = change.partition("=")
        if not (name and separator):
            raise Invalid("cli_change_bad", change=change[:100])
        values[name] = read(contract.key(name), text)
    return values


@remote(configuration, "show")
@argument("service")
@argument("environment")
def show_configuration(service: str, environment: str) -> None:
    show_settings(portal().get(path_of(service, environment)))


@remote(configuration, "set")
@argument("service")
@argument("environment")
@argument("changes", nargs=-1, required=True, metavar="KEY=VALUE...")
@option("--layer", default="", metavar="KIND:NAME")
@option("--later", is_flag=True)
@option("--dry-run", is_flag=True)
@option("--reason", "-m", required=True)
@option("--key", default="")
def set_settings(service: str, environment: str, *, changes: tuple[str, ...], **asked: Any) -> None:
    schema = portal().get(service_path(service, "/settings-schema"))
    _change(path_of(service, environment, more="/changes"), {"values": typed(schema, changes)}, **asked)


@remote(configuration, "unset")
@argument("service")
@argument("environment")
@argument("names", nargs=-1, required=True, metavar="KEY...")
@option("--layer", default="", metavar="KIND:NAME")
@option("--later", is_flag=True)
@option("--dry-run", is_flag=True)
@option("--reason", "-m", required=True)
@option("--key", default="")
def unset_settings(service: str, environment: str, *, names: tuple[str, ...], **asked: Any) -> None:
    """The weaker layers count again."""
    _change(path_of(service, environment, more="/changes"), {"unset": list(names)}, **asked)


def _change(path: str, body: dict[str, Any], *, dry_run: bool, later: bool, key: str, **order: str) -> None:
    body |= {"is_dry_run": dry_run, "is_at_once": not later, **order}
    show_answers(answer := portal().post(path, body, key=key), [answer])


@remote(configuration, "history")
@argument("service")
@argument("environment")
@option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
def list_history(service: str, environment: str, *, limit: int) -> None:
    """Of every layer that counts there."""
    show_history(portal().get(path_of(service, environment, more="/versions"), limit=limit))


@remote(configuration, "diff")
@argument("service")
@argument("environment")
@argument("other", default="", metavar="[OTHER]")
def show_difference(service: str, environment: str, *, other: str) -> None:
    """Without OTHER: what the containers do not have yet. OTHER is an environment."""
    client = portal()
    here = client.get(path_of(service, environment))
    if not other:
        show_changes(here["pending"], empty="cli.empty.pending")
        return
    own, there = (
        {one["name"]: one for one in view["settings"]} for view in (here, client.get(path_of(service, other)))
    )
    found = [
        {"name": name, "old": old, "new": new, "effect": (own | there)[name]["effect"]}
        for name in own | there
        if (old := own.get(name, {}).get("value")) != (new := there.get(name, {}).get("value"))
    ]
    show_changes(found, empty="cli.empty.difference", titles=(environment, other))


@remote(configuration, "rollback")
@argument("service")
@argument("environment")
@argument("number", type=int, metavar="VERSION")
@option("--layer", default="", metavar="KIND:NAME")
@option("--reason", "-m", required=True)
@option("--key", default="")
def roll_back(service: str, environment: str, *, number: int, key: str, **order: str) -> None:
    """As a new version."""
    made = portal().post(path_of(service, environment, more="/rollback"), {"number": number, **order}, key=key)
    done = "cli.done.configuration_saved" if made["state"] == "taken" else "cli.done.configuration_proposed"
    show_done(made, done, layer=made["layer"], version=made["number"], id=made["id"])


@remote(configuration, "promote")
@argument("service")
@argument("environment")
@argument("to", metavar="TO")
@argument("names", nargs=-1, metavar="[KEY...]")
@option("--dry-run", is_flag=True)
@option("--yes", "-y", is_flag=True)
@option("--reason", "-m", required=True)
@option("--key", default="")
def promote(service: str, environment: str, *, to: str, names: tuple[str, ...], reason: str, **asked: Any) -> None:
    """Every setting that differs, if no KEY is named; the difference comes first."""
    body = {"to": to, "names": list(names), "reason": reason}
    _look_and_save(path_of(service, environment, more="/promotion"), body, **asked)


@remote(configuration, "export")
@argument("service")
@argument("environment", default="", metavar="[ENVIRONMENT]")
def export(service: str, environment: str) -> None:
    """Of one environment as a .env file, else the JSON of all of them."""
    if not environment:
        print_json(portal().get(service_path(service, "/settings-exchange")))
        return
    shown = portal().get(path_of(service, environment, more="/variables"))
    if invocation().is_json:
        print_json(shown)
    else:
        click.echo(shown["text"], nl=False)


@remote(configuration, "import")
@argument("service")
@argument("environment", default="", metavar="[ENVIRONMENT]")
@option("--file", "source", required=True, metavar="FILE|-")
@option("--dry-run", is_flag=True)
@option("--yes", "-y", is_flag=True)
@option("--reason", "-m", required=True)
@option("--key", default="")
def import_settings(service: str, environment: str, *, source: str, reason: str, **asked: Any) -> None:
    """A .env file for one environment, else the JSON of several; the difference comes first."""
    if environment:
        body: dict[str, Any] = {"text": read_text(source), "reason": reason}
        _look_and_save(path_of(service, environment, more="/variables"), body, **asked)
        return
    body = {"environments": read_mapping(source).get("environments", {}), "reason": reason}
    _look_and_save(service_path(service, "/settings-exchange"), body, **asked)


def _look_and_save(path: str, body: dict[str, Any], *, dry_run: bool, yes: bool, key: str) -> None:
    """What would change is shown and asked about, and then done; with --yes at once."""
    client, is_json = portal(), invocation().is_json
    if dry_run or not yes:
        looked = client.post(path, body | {"is_dry_run": True})
        show_answers(looked, _items(looked), err=is_json and not dry_run)
        if dry_run or not any(item["changes"] for item in _items(looked)):
            if is_json and not dry_run:
                print_json(looked)
            return
        click.confirm(say("cli.confirm.configuration"), abort=True, err=True)
    saved = client.post(path, body, key=key)
    show_answers(saved, _items(saved), is_told=not yes)


def _items(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return answer.get("items", [answer])
