"""`codex-portal log-level`: how much a running portal logs."""

from __future__ import annotations

import click

from portal.cli.commands import Option, RemoteCommand
from portal.cli.remote import portal
from portal.cli.tables import show_done

LEVELS = ("debug", "info", "warn", "error")


def _log_level(level: str | None, reason: str) -> None:
    """Without a level it only shows it."""
    path = "/log/level"
    shown = portal().put(path, {"level": level}, reason=reason) if level else portal().get(path)
    show_done(shown, "cli.plain", text=shown["level"])


log_level = RemoteCommand(
    "log-level",
    callback=_log_level,
    params=[
        click.Argument(["level"], type=click.Choice(LEVELS), required=False),
        Option(["--reason", "-m"], default=""),
    ],
)
