"""`codex-portal approval`: what waits for a decision, and deciding it."""

from __future__ import annotations

from typing import Any

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.failures import RemoteProblem
from portal.cli.remote import RemotePortal, portal
from portal.cli.tables import print_json, show_list
from portal.cli.words import say

approval = group("approval")
COLUMNS = ("id", "service", "environment", "to_version", "requested_by", "state_since", "verdict", "reason")


@remote(approval, "list")
def list_approvals() -> None:
    """`rollout approve` decides, with the evidence that it shows."""
    inbox = portal().get("/approvals")
    if invocation().is_json:
        print_json(inbox)
        return
    show_list([_row(view) for view in inbox["waiting"]], COLUMNS, empty="cli.empty.approvals")


def _row(view: dict[str, Any]) -> dict[str, Any]:
    return {**view["rollout"], "verdict": (view["verdict"] or {}).get("text", "")}


@remote(approval, "approve")
@argument("rollout_ids", type=int, nargs=-1, required=True, metavar="ID…")
@option("--reason", "-m", required=True)
@option("--yes", "-y", is_flag=True)
def approve_each(rollout_ids: tuple[int, ...], *, reason: str, yes: bool) -> int:
    """Each on the evidence that is shown here, and by itself: 3 if one of them was refused."""
    client = portal()
    views = [client.get(f"/rollouts/{number}/view") for number in dict.fromkeys(rollout_ids)]
    if not (yes or invocation().is_json):
        show_list([_row(view) for view in views], COLUMNS, empty="cli.empty.approvals")
        click.confirm(say("cli.confirm.approve_each", n=len(views)), abort=True)
    outcomes = [_approve(client, view, reason) for view in views]
    show_list(outcomes, ("id", "is_done", "text"), empty="cli.empty.approvals")
    return 0 if all(outcome["is_done"] for outcome in outcomes) else 3


def _approve(client: RemotePortal, view: dict[str, Any], reason: str) -> dict[str, Any]:
    number = view["rollout"]["id"]
    body = {"action": "approve", "reason": reason, "evidence_hash": view["evidence_hash"]}
    try:
        after = client.post(f"/rollouts/{number}/actions", body)
    except RemoteProblem as problem:
        detail = problem.document
        return {"id": number, "is_done": False, "code": detail.get("code", ""), "text": detail.get("detail", "")}
    return {"id": number, "is_done": True, "code": "", "text": after["state_text"]}
