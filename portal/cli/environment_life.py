"""`codex-portal environment create|clone|extend|remove|templates`: environments that come and go."""

from __future__ import annotations

from typing import Any

import click

from portal.cli.commands import argument, option, remote
from portal.cli.environments import environment
from portal.cli.remote import portal
from portal.cli.tables import show_done, show_list

TEMPLATES = ("name", "stage", "replicas", "lifetime_hours", "description")


def _new(name: str, owners: tuple[str, ...], *, hours: int | None, reason: str) -> dict[str, Any]:
    order: dict[str, Any] = {"name": name, "owners": list(owners), "reason": reason}
    return order if hours is None else order | {"lifetime_hours": hours}


@remote(environment, "templates")
def list_templates() -> None:
    show_list(portal().get("/environment-templates"), TEMPLATES, empty="cli.empty.templates")


@remote(environment, "create")
@argument("name")
@option("--template", "-t", required=True)
@option("--owner", "owners", multiple=True)
@option("--lifetime-hours", type=click.IntRange(0, 8760))
@option("--reason", "-m", required=True)
def create_environment(name: str, *, template: str, **given: Any) -> None:
    order = _new(name, given["owners"], hours=given["lifetime_hours"], reason=given["reason"])
    made = portal().post("/environments", order | {"template": template})
    show_done(made, "cli.done.saved", name=name)


@remote(environment, "clone")
@argument("source")
@argument("name")
@option("--with-data", "has_data", is_flag=True)
@option("--owner", "owners", multiple=True)
@option("--lifetime-hours", type=click.IntRange(0, 8760))
@option("--reason", "-m", required=True)
def clone_environment(source: str, name: str, *, has_data: bool, **given: Any) -> None:
    order = _new(name, given["owners"], hours=given["lifetime_hours"], reason=given["reason"]) | {"has_data": has_data}
    cloned = portal().post(f"/environments/{source}/clones", order)
    refused = ", ".join(f"{row['what']} ({row['code']})" for row in cloned["refused"]) or "-"
    show_done(cloned, "cli.done.cloned", name=name, count=len(cloned["rollouts"]), refused=refused)


@remote(environment, "extend")
@argument("name")
@option("--lifetime-hours", type=click.IntRange(0, 8760), required=True)
@option("--reason", "-m", required=True)
def extend_environment(name: str, *, lifetime_hours: int, reason: str) -> None:
    saved = portal().put(f"/environments/{name}/expiry", {"hours": lifetime_hours, "reason": reason})
    show_done(saved, "cli.done.saved", name=name)


@remote(environment, "remove")
@argument("name")
@option("--reason", "-m", required=True)
@option("--yes", is_flag=True)
def remove_environment(name: str, *, reason: str, yes: bool) -> None:
    if not yes:
        click.confirm(name, abort=True)
    started = portal().post(f"/environments/{name}/removal", {"reason": reason})
    show_done(started, "cli.done.removal", name=name, id=started["id"])
