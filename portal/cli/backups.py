"""`codex-portal backup` and `recovery`: what is in the store, and what came of restoring it."""

from __future__ import annotations

import secrets
from typing import Any

from portal.cli.commands import argument, group, invocation, local, option, remote
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done, show_list, show_one

backup = group("backup")
recovery = group("recovery")
COLUMNS = ("id", "kind", "target", "environment", "state", "size_bytes", "created_at", "checked_at")
MEASURED = ("is_good", "rto_seconds", "rpo_seconds", "created_at", "requested_by")
RECOVERIES = ("id", "kind", "target", "environment", *MEASURED)
STATUS = ("store", "state_at", "last_good_at", "rto_seconds", "alarm", "failure")
KEY_BYTES = 32


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "created_at": row["at"]}


@remote(backup, "list")
@option("--kind", default="")
@option("--environment", default="")
@option("--state", default="")
@option("--limit", type=int, default=50)
def list_backups(limit: int, **wanted: str) -> None:
    rows = portal().items("/backups", limit=limit, **wanted)
    show_list([_dated(dict(row)) for row in rows], COLUMNS, empty="cli.empty.backups")


@remote(backup, "status")
def show_status() -> int:
    """Exit code 1 if there is something to worry about."""
    found = portal().get("/backups/status")
    if not invocation().is_json:
        good, shipped = found["last_good"] or {}, found["shipped"] or {}
        row = {"store": found["address"], "state_at": shipped.get("at"), "failure": shipped.get("failure")}
        row |= {"last_good_at": good.get("at"), "rto_seconds": good.get("rto_seconds"), "alarm": found["alarm"]}
        show_one(row, STATUS)
    else:
        print_json(found)
    return 1 if found["alarm"] or not found["is_set"] else 0


@remote(backup, "now")
def make_backup() -> None:
    show_done(portal().post("/backups", {}), "cli.done.backup_asked")


@local(backup, "key")
def make_key() -> None:
    """Made here and shown once; nothing is kept."""
    key = secrets.token_hex(KEY_BYTES)
    show_done({"key": key}, "cli.plain", text=key)


@remote(recovery, "list")
@option("--kind", default="")
@option("--environment", default="")
@option("--limit", type=int, default=50)
def list_recoveries(limit: int, **wanted: str) -> None:
    rows = portal().items("/recoveries", limit=limit, **wanted)
    show_list([_dated(dict(row)) for row in rows], RECOVERIES, empty="cli.empty.recoveries")


@remote(recovery, "show")
@argument("number", type=int)
def show_recovery(number: int) -> None:
    found = portal().get(f"/recoveries/{number}")
    show_one(_dated(found), (*RECOVERIES, "error", "document"))
