"""`codex-portal drift`: what is otherwise than it should be, and what is done about it."""

from __future__ import annotations

import click

from portal.cli.commands import argument, group, option, remote
from portal.cli.remote import portal
from portal.cli.tables import show_done, show_list

drift = group("drift")
COLUMNS = ("id", "severity", "environment", "service", "name", "field", "desired", "actual", "origin", "first_seen")
SCORES = ("environment", "percent", "points", "differing", "ignored", "healing", "ill", "looked_at")
RULES = ("id", "environment", "service", "field", "reason", "by", "expires_at")


@remote(drift, "list")
@option("--environment", default="")
@option("--service", default="")
@option("--severity", default="")
@option("--field", default="")
@option("--look", type=click.Choice(["open", "ignored", "ended"]), default="open")
@option("--text", default="")
@option("--limit", type=int, default=50)
def list_drift(limit: int, **wanted: str) -> None:
    show_list(portal().items("/drift", limit=limit, **wanted), COLUMNS, empty="cli.empty.drift")


@remote(drift, "repair")
@argument("finding_id", type=int, metavar="ID")
@option("--reason", "-m", required=True)
def repair(finding_id: int, *, reason: str) -> None:
    """`operation wait` waits for the end."""
    made = portal().post(f"/drift/{finding_id}/repair", {"reason": reason})
    if made["operation"] is None:
        show_done(made, "cli.done.drift_repaired", id=finding_id)
    else:
        show_done(made, "cli.done.operation_started", id=made["operation"])


@remote(drift, "adopt")
@argument("finding_id", type=int, metavar="ID")
@option("--reason", "-m", required=True)
def adopt(finding_id: int, *, reason: str) -> None:
    after = portal().post(f"/drift/{finding_id}/adopt", {"reason": reason})
    show_done(after, "cli.done.drift_adopted", id=finding_id)


@remote(drift, "ignore")
@option("--environment", default="*")
@option("--service", default="*")
@option("--field", default="*")
@option("--days", type=click.IntRange(1, 365), required=True)
@option("--reason", "-m", required=True)
def ignore(environment: str, *, service: str, field: str, days: int, reason: str) -> None:
    body = {"environment": environment, "service": service, "field": field, "days": days, "reason": reason}
    made = portal().post("/drift/rules", body)
    show_done(made, "cli.done.drift_ignored", id=made["id"])


@remote(drift, "rules")
def list_rules() -> None:
    show_list(portal().get("/drift/rules"), RULES, empty="cli.empty.drift_rules")


@remote(drift, "unignore")
@argument("rule_id", type=int, metavar="RULE")
@option("--reason", "-m", required=True)
def end_rule(rule_id: int, *, reason: str) -> None:
    left = portal().put(f"/drift/rules/{rule_id}/end", {"reason": reason})
    show_done({"rules": left}, "cli.done.drift_rule_ended", id=rule_id)


@remote(drift, "score")
def list_scores() -> None:
    show_list(portal().get("/drift/environments"), SCORES, empty="cli.empty.environments")


@remote(drift, "healing")
@argument("environment")
@argument("mode", type=click.Choice(["off", "alive", "exact"]))
@option("--reason", "-m", required=True)
def set_healing(environment: str, *, mode: str, reason: str) -> None:
    """alive: what keeps services from serving is put right; exact: changes by hand too."""
    after = portal().put(f"/drift/environments/{environment}/healing", {"mode": mode, "reason": reason})
    show_done(after, "cli.done.healing_set", name=environment, mode=mode)
