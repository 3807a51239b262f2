"""`codex-portal release`: versions bound to the content of images."""

from __future__ import annotations

from urllib.parse import quote

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.edits import read_text
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done, show_list, show_one
from portal.cli.words import say

release = group("release")
COLUMNS = ("service", "version", "image", "commit", "created_by", "created_at")


@remote(release, "list")
@argument("service", default="")
@option("--text", default="")
@option("--limit", type=int, default=50)
def list_releases(service: str, *, text: str, limit: int) -> None:
    rows = portal().items("/releases", limit=limit, service=service, text=text)
    short = [{**row, "image": row["image"][:19]} for row in rows]
    show_list(rows if invocation().is_json else short, COLUMNS, empty="cli.empty.releases")


@remote(release, "show")
@argument("service")
@argument("version")
def show_release(service: str, version: str) -> None:
    client, path = portal(), f"/releases/{quote(service, safe='')}/{quote(version, safe='')}"
    places = [deployment["environment"] for deployment in client.get(f"{path}/deployments")]
    show_one(client.get(path) | {"running_in": places}, (*COLUMNS, "is_irreversible", "running_in", "notes"))


@remote(release, "create")
@argument("service")
@argument("version")
@argument("image")
@option("--commit", default="")
@option("--notes", default="")
@option("--notes-file", default="", metavar="FILE")
@option("--irreversible", is_flag=True)
@option("--key", default="")
def create_release(service: str, version: str, *, image: str, key: str, **details: str | bool) -> None:
    order = {
        "service": service,
        "version": version,
        "image": image,
        "commit": details["commit"],
        "notes": read_text(str(details["notes_file"])) if details["notes_file"] else details["notes"],
        "is_irreversible": details["irreversible"],
    }
    created = portal().post("/releases", order, key=key)
    show_done(created, "cli.done.released", service=service, version=version, image=created["image"])


@remote(release, "compare")
@argument("service")
@argument("old")
@argument("new")
def compare_releases(service: str, *, old: str, new: str) -> None:
    """What is different, line by line; lines that are the same are left out."""
    found = portal().get(f"/comparisons/{quote(service, safe='')}", old=old, new=new)
    if invocation().is_json:
        print_json(found)
        return
    click.echo(say("cli.compare.same_image" if found["is_same_image"] else "cli.compare.other_image"))
    for part in ("settings_diff", "plan_diff", "notes_diff"):
        for line in found[part]:
            if line["mark"] != " ":
                click.secho(f"{line['mark']} {line['text']}", fg="green" if line["mark"] == "+" else "red")
    if found["commits_url"]:
        click.echo(found["commits_url"])
