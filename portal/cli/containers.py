"""`codex-portal container`: the portal's containers, what they print, and acting on them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.remote import RemotePortal, portal
from portal.cli.tables import print_json, show_done, show_list, show_one

container = group("container")
COLUMNS = ("name", "service", "environment", "version", "state", "health", "restart_count", "started_at")
FIELDS = ("name", "service", "environment", "version", "state", "health", "image_name", "image", "host", "address")
MORE = ("created_at", "started_at", "restart_count", "exit_code", "is_oom_killed", "is_wanted", "rollout_id")
TIMED_OUT = 124  # as `timeout` says it


def _path(name: str, *parts: str) -> str:
    return "/".join(("/containers", quote(name, safe=""), *parts))


@remote(container, "list")
@option("--service", default="")
@option("--environment", default="")
@option("--state", default="")
@option("--text", default="")
@option("--sort", default="name")
@option("--limit", type=int, default=50)
def list_containers(limit: int, **wanted: str) -> None:
    rows = portal().items("/containers", limit=limit, **wanted)
    show_list(rows, COLUMNS, empty="cli.empty.containers")


@remote(container, "show")
@argument("name")
def show_container(name: str) -> None:
    found = portal().get(_path(name))
    if invocation().is_json:
        print_json(found)
        return
    hold = found["container"]["hold"]
    shown = {**found["container"], "hold": f"{hold['by']}: {hold['reason']}" if hold else None}
    show_one(shown | {"command": " ".join(found["command"])}, (*FIELDS, *MORE, "command", "hold"))


@remote(container, "logs")
@argument("name")
@option("--lines", type=click.IntRange(1, 10_000), default=200)
@option("--follow", "-f", is_flag=True)
def show_logs(name: str, *, lines: int, follow: bool) -> None:
    client = portal()
    if follow:
        _follow(client, name, min(lines, 5000))
        return
    _print(client.get(_path(name, "logs"), lines=lines))


def _follow(client: RemotePortal, name: str, lines: int) -> None:
    """Until the container ends or the person has seen enough."""
    event = ""
    for line in client.lines(_path(name, f"logs/stream?lines={lines}")):
        field, _, value = line.partition(": ")
        event = value if field == "event" else event
        if field == "data" and event == "lines":
            _print({"at": at, "stream": stream, "text": text} for at, stream, text in json.loads(value))
        elif field == "data" and event in ("end", "denied"):
            return


def _print(lines: Iterable[dict[str, Any]]) -> None:
    for line in lines:
        if invocation().is_json:
            click.echo(json.dumps(line, ensure_ascii=False))
        else:
            click.echo(f"{_clock(line['at'])}  {line['text']}", err=line["stream"] == "stderr")
    sys.stdout.flush()


def _clock(at: str | float | None) -> str:
    if not at:
        return "-" * 8
    found = datetime.fromtimestamp(at).astimezone() if isinstance(at, (int, float)) else datetime.fromisoformat(at)
    return f"{found.astimezone():%H:%M:%S}"


def _action(action: str) -> None:
    @remote(container, action)
    @argument("name")
    @option("--reason", "-m", required=True)
    @option("--key", default="")
    def act(name: str, *, reason: str, key: str) -> None:
        done = portal().post(_path(name, "actions"), {"action": action, "reason": reason}, key=key)
        show_done(done, f"cli.done.container_{action}", name=name)


for _name in ("start", "stop", "restart"):
    _action(_name)


@remote(container, "exec")
@argument("name")
@argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@option("--reason", "-m", required=True)
@option("--seconds", type=click.IntRange(1, 600), default=30)
def execute(name: str, *, command: tuple[str, ...], reason: str, seconds: int) -> int:
    """The exit status is the command's own; 124 if its time was up."""
    order = {"command": list(command), "reason": reason, "timeout_seconds": seconds}
    done = portal().post(_path(name, "executions"), order)
    if invocation().is_json:
        print_json(done)
    else:
        for line in done["lines"]:
            click.echo(line["text"], err=line["stream"] == "stderr")
    return TIMED_OUT if done["exit_code"] is None else int(done["exit_code"])
