"""`codex-portal environment`: where things are deployed, and when nothing may be."""

from __future__ import annotations

from typing import Any

from portal.cli.commands import argument, group, option, remote
from portal.cli.remote import portal
from portal.cli.services import archiving, changes, wanted
from portal.cli.tables import show_done, show_list, show_one

environment = group("environment")
freeze = group("freeze")
environment.add_command(freeze)
COLUMNS = ("name", "stage", "position", "replicas", "host_prefix", "approvals", "after_environment", "description")
FREEZE_COLUMNS = ("id", "name", "environment", "zone", "starts_at", "ends_at", "days", "from_time", "to_time")


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    return {**row["protection"], **row}


@remote(environment, "list")
def list_environments() -> None:
    show_list([_flat(row) for row in portal().get("/environments")], COLUMNS, empty="cli.empty.environments")


@remote(environment, "show")
@argument("name")
def show_environment(name: str) -> None:
    fields = (*COLUMNS, "approver_role", "approval_hours", "wait_seconds", "signature_key", "plan")
    show_one(_flat(portal().get(f"/environments/{name}")), fields)


@remote(environment, "save")
@argument("name")
@changes
def save_environment(name: str, *, file: str, changes: tuple[str, ...], reason: str) -> None:
    client, path = portal(), f"/environments/{name}"
    saved = client.put(path, wanted(client, path, file=file, changes=changes), reason=reason)
    show_done(saved, "cli.done.saved", name=name)


@remote(freeze, "list")
def list_freezes() -> None:
    show_list(portal().get("/freezes"), FREEZE_COLUMNS, empty="cli.empty.freezes")


@remote(freeze, "add")
@argument("name")
@option("--environment", "-e", default="*")
@option("--from", "starts", required=True, metavar="TIME")
@option("--to", "ends", required=True, metavar="TIME")
@option("--days", default="", metavar="mon,tue,…")
@option("--zone", default="UTC")
@option("--reason", "-m", default="")
def add_freeze(name: str, *, environment: str, reason: str, **when: str) -> None:
    order = {"name": name, "environment": environment, "zone": when["zone"], **_times(**when)}
    added = portal().post("/freezes", order, reason=reason)
    show_done(added, "cli.done.frozen", name=name, id=added["id"])


def _times(*, starts: str, ends: str, days: str, zone: str) -> dict[str, object]:
    """Weekly with days, else once."""
    if days:
        return {"days": [day.strip() for day in days.split(",")], "from_time": starts, "to_time": ends}
    return {"starts_at": starts, "ends_at": ends}


@remote(freeze, "remove")
@argument("freeze_id", type=int, metavar="ID")
@option("--reason", "-m", default="")
def remove_freeze(freeze_id: int, reason: str) -> None:
    portal().delete(f"/freezes/{freeze_id}", reason=reason)
    show_done({"id": freeze_id}, "cli.done.thawed", id=freeze_id)


@remote(freeze, "end")
@argument("freeze_id", type=int, metavar="ID")
@option("--reason", "-m", default="")
def end_freeze(freeze_id: int, reason: str) -> None:
    portal().put(f"/freezes/{freeze_id}/end", None, reason=reason)
    show_done({"id": freeze_id}, "cli.done.freeze_ended", id=freeze_id)


archiving(environment, "/environments")
