"""A rollout on the terminal: as it stands, and line by line as it moves."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import click

from portal.cli.commands import invocation
from portal.cli.remote import RemotePortal
from portal.cli.tables import cell, print_json, show_one, table
from portal.cli.words import say

PAUSE_SECONDS = 0.5
FIELDS = ("id", "service", "environment", "from_version", "to_version", "strategy", "state_text", "percent")
MORE = ("live_percent", "requests_per_second", "failed_requests", "verdict", "cause", "note", "requested_by", "reason")
KEPT = frozenset({"baking", "finalising", "succeeded"})
FAILED = frozenset({"aborted", "superseded"})

View = dict[str, Any]


def show_view(view: View) -> None:
    """What a person needs to decide, without pictures."""
    if invocation().is_json:
        print_json(view)
        return
    shown = {**view, **view["rollout"], "actions": [a["action"] for a in view["actions"] if a["is_possible"]]}
    show_one(shown, (*FIELDS, *MORE, "actions", "evidence_hash"))
    for rows, columns in ((_steps(view), ("number", "kind_text", "status")), (_measures(view), _MEASURE_COLUMNS)):
        if rows:
            click.echo()
            click.echo("\n".join(table(rows, columns)))


_MEASURE_COLUMNS = ("measure", "estimate", "low", "high", "tolerance", "outcome")


def _steps(view: View) -> list[View]:
    return [{"number": n, "kind_text": step["text"], **step} for n, step in enumerate(view["steps"], 1)]


def _measures(view: View) -> list[View]:
    measures = (view["verdict"] or {}).get("measures", [])
    numbers = ("estimate", "low", "high", "tolerance")
    rounded = [{name: _rounded(m[name]) for name in numbers} for m in measures]
    return [{"measure": m["name"], "outcome": m["outcome"], **r} for m, r in zip(measures, rounded, strict=True)]


def _rounded(number: float | None) -> str:
    return "" if number is None else f"{number:.4g}"


def follow(client: RemotePortal, rollout_id: int, *, is_to_the_end: bool = False) -> int:
    """Print every change until the new version serves all users (or the rollout is over); 1 if it went back."""
    seen: object = None
    while True:
        view = client.get(f"/rollouts/{rollout_id}/view")
        rollout = view["rollout"]
        now = _sight(view)
        if now != seen:
            _print_change(view)
            seen = now
        if rollout["state"] in FAILED:
            return 1
        if rollout["is_over"] or (not is_to_the_end and rollout["state"] in KEPT):
            return 0
        time.sleep(PAUSE_SECONDS)


def _sight(view: View) -> object:
    rollout = view["rollout"]
    note = (rollout["note"] or {}).get("code")
    return rollout["state"], rollout["percent"], rollout["cursor"], note, (view["verdict"] or {}).get("outcome")


def _print_change(view: View) -> None:
    if invocation().is_json:
        click.echo(json.dumps(view, ensure_ascii=False))
        return
    rollout = view["rollout"]
    words = [rollout["state_text"], f"{rollout['percent']} %", f"{rollout['cursor'] + 1}/{len(view['steps'])}"]
    words += [cell("text", rollout[name]) for name in ("cause", "note") if rollout[name]]
    if view["verdict"] and rollout["state"] == "observing":
        words.append(view["verdict"]["text"])
    click.echo(f"{datetime.now().astimezone():%H:%M:%S}  {'  '.join(words)}")
    if rollout["state"] == "awaiting_approval":
        click.secho(say("cli.watch.approval", id=rollout["id"]), fg="yellow")
