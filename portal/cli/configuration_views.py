"""What `codex-portal configuration` prints: settings with their reasons, changes before they are made, versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from portal.cli.commands import invocation
from portal.cli.tables import print_json, show_list, table
from portal.cli.words import say
from portal.domain.configuration import Value, written

SETTINGS = ("name", "value", "layer", "version", "hides", "effect")
CHANGES = ("layer", "name", "old", "new", "effect")
VERSIONS = ("layer", "version", "id", "state", "author", "at", "reason", "origin", "changes")


def _text(value: Value | None) -> str:
    return "" if value is None else written(value)


def show_settings(view: dict[str, Any]) -> None:
    """Each key with what counts and the layer that gave it, then what the containers do not have yet."""
    if invocation().is_json:
        print_json(view)
        return
    show_list([_setting(one) for one in view["settings"]], SETTINGS, empty="cli.empty.settings")
    if view["pending"]:
        click.echo(say("configuration.is_waiting", n=len(view["pending"])))
    if view["behind"]:
        click.echo(say("configuration.is_told", n=view["behind"]))


def _setting(one: dict[str, Any]) -> dict[str, Any]:
    origin = one["origin"] or {"layer": "", "version": ""}
    value = say("configuration.is_wrong", key=one["name"]) if one["problem"] else _text(one["value"])
    return {
        "name": one["name"],
        "value": value,
        "layer": origin["layer"].removesuffix(":"),
        "version": origin["version"] or "",
        "hides": [f"{hidden['layer'].removesuffix(':')}={_text(hidden['value'])}" for hidden in one["hidden"]],
        "effect": one["effect"],
    }


def _change(one: dict[str, Any], layer: str = "") -> dict[str, Any]:
    return {"layer": layer, **one, "old": _text(one["old"]), "new": _text(one["new"])}


def show_changes(changes: Sequence[dict[str, Any]], *, empty: str, titles: tuple[str, str] | None = None) -> None:
    """`titles` names the two sides, if they are not before and after."""
    if titles and changes and not invocation().is_json:
        click.echo(say("cli.configuration.sides", old=titles[0], new=titles[1]))
    shown = changes if invocation().is_json else [_change(one) for one in changes]
    show_list(shown, CHANGES[1:], empty=empty)


def show_answers(answer: object, items: Sequence[dict[str, Any]], *, is_told: bool = False, err: bool = False) -> None:
    """What changes or would change, what follows, and the version that was made of it. `is_told`: the first two are
    on the screen already. `err`: a program reads the output, and people the other."""
    if invocation().is_json and not err:
        print_json(answer)
        return
    rows = [_change(one, item["layer"]) for item in items for one in item["changes"]]
    lines = [] if is_told else (table(rows, CHANGES) if rows else [say("configuration.nothing_changes")])
    if not is_told:
        lines += dict.fromkeys(_follows(item, one) for item in items for one in item["consequences"])
        lines += dict.fromkeys(say("configuration.needs", n=item["approvals"]) for item in items if item["approvals"])
    for line in [*lines, *(_made(item["version"]) for item in items if item["version"])]:
        click.echo(line, err=err)


def _follows(item: dict[str, Any], one: dict[str, Any]) -> str:
    return say(f"configuration.follows.{one['effect']}", service=one["service"], environment=one["environment"])


def _made(version: dict[str, Any]) -> str:
    done = "cli.done.configuration_saved" if version["state"] == "taken" else "cli.done.configuration_proposed"
    return say(done, layer=version["layer"], version=version["number"], id=version["id"])


def show_history(versions: Sequence[dict[str, Any]]) -> None:
    if invocation().is_json:
        print_json(versions)
        return
    rows = [
        {
            **one,
            "version": one["number"] or "",
            "state": say(f"configuration.state.{one['state']}"),
            "changes": [f"{c['name']}: {_text(c['old'])} → {_text(c['new'])}" for c in one["changes"]],
        }
        for one in versions
    ]
    show_list(rows, VERSIONS, empty="cli.empty.versions")
