"""`codex-portal data`: data of environments, and copies of it from one to another."""

from __future__ import annotations

import os
from typing import Any

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.edits import read_mapping
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done, show_list

data = group("data")
STORES = ("name", "kind", "volume", "host", "database", "origin", "is_masked")
COPIES = ("id", "created_at", "source", "target", "state", "requested_by", "rows")


@remote(data, "list")
@argument("environment")
def list_data(environment: str) -> None:
    found = portal().get(f"/environments/{environment}/data")
    if invocation().is_json:
        print_json(found)
        return
    origins = {taint["name"]: taint for taint in found["taints"]}
    show_list([{**row, **origins.get(row["name"], {})} for row in found["stores"]], STORES, empty="cli.empty.stores")
    rows = [{**row, "rows": row["result"].get("rows", "")} for row in found["copies"]]
    show_list(rows, COPIES, empty="cli.empty.copies")


@remote(data, "save")
@argument("environment")
@argument("name")
@option("--file", "-f", required=True, metavar="FILE")
@option("--reason", "-m", required=True)
def save_store(environment: str, name: str, *, file: str, reason: str) -> None:
    """The password is read from CODEX_PORTAL_STORE_PASSWORD, so that it is in no history of commands."""
    order: dict[str, Any] = dict(read_mapping(file))
    if password := os.environ.get("CODEX_PORTAL_STORE_PASSWORD"):
        order["password"] = password
    saved = portal().put(f"/environments/{environment}/data/{name}", order, reason=reason)
    show_done(saved, "cli.done.saved", name=name)


@remote(data, "remove")
@argument("environment")
@argument("name")
@option("--reason", "-m", required=True)
def remove_store(environment: str, name: str, *, reason: str) -> None:
    portal().delete(f"/environments/{environment}/data/{name}", reason=reason)
    show_done({"name": name}, "cli.done.store_removed", name=name)


@remote(data, "copy")
@argument("source", metavar="ENVIRONMENT/STORE")
@argument("target", metavar="ENVIRONMENT/STORE")
@option("--reason", "-m", required=True)
@option("--yes", is_flag=True)
@option("--key", default="")
def copy_data(source: str, target: str, *, reason: str, yes: bool, key: str) -> None:
    if not yes:
        click.confirm(target, abort=True)
    asked = portal().post("/copies", {"source": source, "target": target, "reason": reason}, key=key)
    show_done(asked, f"cli.done.copy_{asked['state']}", id=asked["id"], job=asked["job_id"] or "")


@remote(data, "approve")
@argument("copy_id", type=int)
@option("--reason", "-m", required=True)
def approve_copy(copy_id: int, reason: str) -> None:
    _decide(copy_id, reason, is_approved=True)


@remote(data, "reject")
@argument("copy_id", type=int)
@option("--reason", "-m", required=True)
def reject_copy(copy_id: int, reason: str) -> None:
    _decide(copy_id, reason, is_approved=False)


def _decide(copy_id: int, reason: str, *, is_approved: bool) -> None:
    after = portal().put(f"/copies/{copy_id}/decision", {"is_approved": is_approved, "reason": reason})
    show_done(after, f"cli.done.copy_{after['state']}", id=copy_id, job=after["job_id"] or "")
