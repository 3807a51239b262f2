"""`codex-portal approval`: what waits for a decision."""

from __future__ import annotations

from portal.cli.commands import group, invocation, remote
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_list

approval = group("approval")
COLUMNS = ("id", "service", "environment", "to_version", "requested_by", "state_since", "verdict", "reason")


@remote(approval, "list")
def list_approvals() -> None:
    """`rollout approve` decides, with the evidence that it shows."""
    inbox = portal().get("/approvals")
    if invocation().is_json:
        print_json(inbox)
        return
    rows = [{**view["rollout"], "verdict": (view["verdict"] or {}).get("text", "")} for view in inbox["waiting"]]
    show_list(rows, COLUMNS, empty="cli.empty.approvals")
