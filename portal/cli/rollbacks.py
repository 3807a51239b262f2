"""`codex-portal rollback`: back to a version that ran there before."""

from __future__ import annotations

import click

from portal.cli.commands import Option, RemoteCommand
from portal.cli.remote import RemotePortal, portal
from portal.cli.rollouts import follow, show_started
from portal.domain.errors import NotFound


def _roll_back(service: str, environment: str, **given: str) -> int:
    client = portal()
    version = given["version"] or _version_before(client, service=service, environment=environment)
    order = {"service": service, "environment": environment, "version": version, "reason": given["reason"]}
    started = client.post("/rollbacks", order, key=given["key"])
    if given["watch"]:
        return follow(client, started["id"])
    show_started(started)
    return 0


def _version_before(client: RemotePortal, *, service: str, environment: str) -> str:
    """The newest version that was kept there and is another than the present one."""
    deployments = client.get("/deployments")
    now = next((d["version"] for d in deployments if (d["service"], d["environment"]) == (service, environment)), "")
    history = client.get(f"/deployments/{service}/{environment}/history")
    before = next((past["to_version"] for past in history if past["to_version"] != now), "")
    if not before:
        raise NotFound("cli_nothing_before", service=service, environment=environment)
    return before


rollback = RemoteCommand(
    "rollback",
    callback=_roll_back,
    params=[
        click.Argument(["service"]),
        click.Argument(["environment"]),
        Option(["--to", "version"], default="", metavar="VERSION"),
        Option(["--reason", "-m"], required=True),
        Option(["--key"], default=""),
        Option(["--watch", "-w"], is_flag=True),
    ],
)
