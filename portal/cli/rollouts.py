"""`codex-portal rollout`: start, watch and decide."""

from __future__ import annotations

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.edits import read_text
from portal.cli.remote import portal
from portal.cli.rollout_watch import follow, show_view
from portal.cli.tables import cell, print_json, show_done, show_list, table
from portal.cli.words import say

rollout = group("rollout")
COLUMNS = (
    "id",
    "service",
    "environment",
    "from_version",
    "to_version",
    "strategy",
    "state_text",
    "percent",
    "created_at",
)
STEP_COLUMNS = ("number", "kind_text", "size", "status")


def show_started(started: dict[str, object]) -> None:
    show_done(started, "cli.done.started", **{name: started[name] for name in ("id", "service", "to_version")})


def _order(service: str, environment: str, *, version: str, **given: object) -> dict[str, object]:
    plan = str(given.get("plan") or "")
    return {
        "service": service,
        "environment": environment,
        "version": version,
        "reason": given.get("reason", ""),
        "plan": read_text(plan) if plan else None,
        "is_superseding": given.get("supersede", False),
    }


@remote(rollout, "list")
@option("--service", "-s", default="")
@option("--environment", "-e", default="")
@option("--state", default="")
@option("--text", default="")
@option("--limit", type=int, default=20)
def list_rollouts(limit: int, **query: str) -> None:
    show_list(portal().items("/rollouts", limit=limit, **query), COLUMNS, empty="cli.empty.rollouts")


@remote(rollout, "show")
@argument("rollout_id", type=int, metavar="ID")
def show_rollout(rollout_id: int) -> None:
    show_view(portal().get(f"/rollouts/{rollout_id}/view"))


@remote(rollout, "watch")
@argument("rollout_id", type=int, metavar="ID")
@option("--until", type=click.Choice(["promoted", "over"]), default="promoted")
def watch_rollout(rollout_id: int, until: str) -> int:
    return follow(portal(), rollout_id, is_to_the_end=until == "over")


@remote(rollout, "preview")
@argument("service")
@argument("environment")
@argument("version")
@option("--plan", "-p", default="", metavar="FILE")
@option("--supersede", is_flag=True)
def preview_rollout(service: str, environment: str, *, version: str, **given: object) -> int:
    preview = portal().post("/rollouts/preview", _order(service, environment, version=version, **given))
    if invocation().is_json:
        print_json(preview)
        return 3 if preview["refusal"] else 0
    steps = [_step(number, step) for number, step in enumerate(preview["steps"], 1)]
    for line in table(steps, STEP_COLUMNS[:3]):
        click.echo(line)
    click.echo(say("cli.preview.seconds", seconds=round(preview["expected_seconds"])))
    for cause in (*preview["warnings"], *([preview["refusal"]] if preview["refusal"] else [])):
        click.secho(cause["text"], fg="yellow")
    return 3 if preview["refusal"] else 0


def _step(number: int, step: dict[str, object]) -> dict[str, object]:
    units = (("percent", " %"), ("replicas", " ×"), ("seconds", " s"), ("approvals", ""))
    size = next((f"{step[name]}{unit}" for name, unit in units if step[name]), "")
    return {"number": number, "kind_text": cell("text", step["text"]), "size": size}


@remote(rollout, "start")
@argument("service")
@argument("environment")
@argument("version")
@option("--reason", "-m", required=True)
@option("--plan", "-p", default="", metavar="FILE")
@option("--supersede", is_flag=True)
@option("--key", default="")
@option("--watch", "-w", is_flag=True)
def start_rollout(service: str, environment: str, *, version: str, **given: object) -> int:
    client = portal()
    started = client.post("/rollouts", _order(service, environment, version=version, **given), key=str(given["key"]))
    if given["watch"]:
        return follow(client, started["id"])
    show_started(started)
    return 0


def _act(rollout_id: int, action: str, *, reason: str, key: str = "", evidence: str = "") -> None:
    body = {"action": action, "reason": reason, "evidence_hash": evidence}
    after = portal().post(f"/rollouts/{rollout_id}/actions", body, key=key)
    show_done(after, "cli.done.acted", id=rollout_id, action=say(f"action.{action}"), state=after["state_text"])


@remote(rollout, "approve")
@argument("rollout_id", type=int, metavar="ID")
@option("--reason", "-m", required=True)
@option("--evidence", default="", metavar="HASH")
@option("--yes", "-y", is_flag=True)
@option("--key", default="")
def approve_rollout(rollout_id: int, *, reason: str, evidence: str, yes: bool, key: str) -> None:
    """The approval is bound to the evidence that is shown here, or was seen before and is named by its hash."""
    if not evidence:
        view = portal().get(f"/rollouts/{rollout_id}/view")
        evidence = view["evidence_hash"]
        if not (yes or invocation().is_json):
            show_view(view)
            click.confirm(say("cli.confirm.approve", version=view["rollout"]["to_version"]), abort=True)
    _act(rollout_id, "approve", reason=reason, key=key, evidence=evidence)


def _plain_action(name: str) -> None:
    @remote(rollout, name)
    @argument("rollout_id", type=int, metavar="ID")
    @option("--reason", "-m", required=True)
    @option("--key", default="")
    def act(rollout_id: int, *, reason: str, key: str) -> None:
        _act(rollout_id, name, reason=reason, key=key)


for _name in ("reject", "pause", "resume", "skip", "promote", "abort", "retry", "finish"):
    _plain_action(_name)


@remote(rollout, "break-glass")
@argument("rollout_id", type=int, metavar="ID")
@option("--reason", "-m", required=True)
@option("--key", default="")
def break_glass(rollout_id: int, *, reason: str, key: str) -> None:
    after = portal().post(f"/rollouts/{rollout_id}/break-glass", {"reason": reason}, key=key)
    show_done(after, "cli.done.glass_broken", id=rollout_id)


__all__ = ["follow", "rollout", "show_started"]
