"""`codex-portal operation`: long work such as backups and copies: looking, waiting, cancelling, repeating."""

from __future__ import annotations

import time
from typing import Any

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done, show_list, show_one

operation = group("operation")
COLUMNS = ("id", "kind", "target", "environment", "state", "step", "done", "total", "requested_by", "created_at")
FIELDS = (*COLUMNS, "unit", "reason", "started_at", "ended_at", "error_code")
STEP_COLUMNS = ("name", "status", "attempts", "started_at", "ended_at")
OVER = frozenset({"succeeded", "failed", "cancelled"})
LOOK_SECONDS = 0.5


@remote(operation, "list")
@option("--kind", default="")
@option("--environment", default="")
@option("--state", default="")
@option("--text", default="")
@option("--limit", type=int, default=50)
def list_operations(limit: int, **wanted: str) -> None:
    show_list(portal().items("/operations", limit=limit, **wanted), COLUMNS, empty="cli.empty.operations")


@remote(operation, "show")
@argument("operation_id", type=int, metavar="ID")
def show_operation(operation_id: int) -> None:
    _show(portal().get(f"/operations/{operation_id}"))


@remote(operation, "wait")
@argument("operation_id", type=int, metavar="ID")
@option("--timeout", "timeout_seconds", type=click.IntRange(1, 86_400), default=3600)
def wait_for(operation_id: int, *, timeout_seconds: int) -> int:
    """0 if it succeeded, 1 if not, 6 if it is not over in time."""
    client, end = portal(), time.monotonic() + timeout_seconds
    while (view := client.get(f"/operations/{operation_id}"))["operation"]["state"] not in OVER:
        if time.monotonic() > end:
            _show(view)
            return 6
        time.sleep(LOOK_SECONDS)
    _show(view)
    return 0 if view["operation"]["state"] == "succeeded" else 1


@remote(operation, "cancel")
@argument("operation_id", type=int, metavar="ID")
@option("--reason", "-m", required=True)
def cancel_operation(operation_id: int, *, reason: str) -> None:
    after = portal().put(f"/operations/{operation_id}/cancelled", {"reason": reason})
    show_done(after, "cli.done.operation_cancelled", id=operation_id)


@remote(operation, "retry")
@argument("operation_id", type=int, metavar="ID")
@option("--reason", "-m", default="")
@option("--key", default="")
def retry_operation(operation_id: int, *, reason: str, key: str) -> None:
    made = portal().post(f"/operations/{operation_id}/retry", {"reason": reason}, key=key)
    show_done(made, "cli.done.operation_started", id=made["id"])


def _show(view: dict[str, Any]) -> None:
    if invocation().is_json:
        print_json(view)
        return
    show_one(view["operation"], FIELDS)
    show_list(view["steps"], STEP_COLUMNS, empty="cli.empty.operations")
