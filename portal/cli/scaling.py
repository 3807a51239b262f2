"""`codex-portal scale` and `codex-portal scaling`: how many containers a service has somewhere."""

from __future__ import annotations

import re
from typing import Any

import click

from portal.cli.commands import Option, RemoteCommand, argument, group, invocation, option, remote
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done, show_list, show_one
from portal.cli.words import say
from portal.domain.errors import Invalid

FIELDS = ("service", "environment", "replicas", "cpu_cores", "memory_bytes", "policy")
COLUMNS = ("at", "by", "verb", "replicas", "wanted", "why")
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def _bytes(written: str) -> int | None:
    """512M is 512 × 2²⁰. Invalid("scale_memory_bad")."""
    if not written:
        return None
    found = re.fullmatch(r"(\d{1,15})([KMGT]?)(?:i?B)?", written, re.IGNORECASE | re.ASCII)
    if found is None:
        raise Invalid("scale_memory_bad", field="memory")
    return int(found[1]) * _UNITS[found[2].upper()]


def _path(service: str, environment: str) -> str:
    return f"/deployments/{service}/{environment}/scaling"


def _scale(service: str, environment: str, **given: Any) -> None:
    order = {
        "replicas": given["replicas"],
        "cpu_cores": given["cpu"],
        "memory_bytes": _bytes(given["memory"]),
        "reason": given["reason"],
    }
    order = {name: value for name, value in order.items() if value is not None}
    started = portal().post(_path(service, environment), order, key=given["key"])
    show_done(started, "cli.done.scaled", service=service, environment=environment, id=started["id"])


scale = RemoteCommand(
    "scale",
    callback=_scale,
    params=[
        click.Argument(["service"]),
        click.Argument(["environment"]),
        Option(["--replicas"], type=click.IntRange(1, 50)),
        Option(["--cpu"], type=float),
        Option(["--memory"], default="", metavar="512M"),
        Option(["--reason", "-m"], required=True),
        Option(["--key"], default=""),
    ],
)
scaling = group("scaling")


@remote(scaling, "show")
@argument("service")
@argument("environment")
def show_scaling(service: str, environment: str) -> None:
    found = portal().get(_path(service, environment))
    if invocation().is_json:
        print_json(found)
        return
    policy = found["policy"]
    told = f"{policy['least']}-{policy['most']}, {policy['target']:g} {policy['metric']}" if policy["is_on"] else ""
    show_one({**found, "policy": told or say("scaling.off")}, FIELDS)
    rows = [{**row, "why": say(f"scaling.{row['code']}", **row["params"])} for row in found["entries"]]
    show_list(rows[:20], COLUMNS, empty="cli.empty.scaling")


@remote(scaling, "policy")
@argument("service")
@argument("environment")
@option("--on/--off", "is_on", default=None)
@option("--least", type=int)
@option("--most", type=int)
@option("--metric", type=click.Choice(["cpu", "requests"]))
@option("--target", type=float)
@option("--up-cooldown", type=int)
@option("--down-cooldown", type=int)
@option("--reason", "-m", required=True)
def set_policy(service: str, environment: str, *, reason: str, **given: Any) -> None:
    client, path = portal(), _path(service, environment)
    names = {"up_cooldown": "up_cooldown_seconds", "down_cooldown": "down_cooldown_seconds"}
    changes = {names.get(name, name): value for name, value in given.items() if value is not None}
    policy = {**client.get(path)["policy"], **changes}
    saved = client.put(f"{path}/policy", {**policy, "reason": reason})
    show_done(saved, "cli.done.policy_set", service=service, environment=environment)
