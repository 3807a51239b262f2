"""`codex-portal restore`: this machine's portal from a backup, without a portal that runs."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.cli.commands import Option, ReportingCommand, invocation
from portal.cli.tables import show_one
from portal.cli.words import say
from portal.domain.errors import Invalid

if TYPE_CHECKING:
    from portal.services.backup_restore import Far
    from portal.services.portal_restore import Place, PortalRestored
    from portal.settings import Settings

FIELDS = ("store", "base_at", "state_at", "segments", "rows", "entries", "seconds", "rpo_seconds", "kept_as", "next")


def _restore(moment: str, is_forced: bool, is_dry: bool) -> None:
    """From the store of the settings into the folder of the settings."""
    from portal.adapters.clock import SystemClock
    from portal.cli.own import operator, own_settings
    from portal.parts import backup_vault
    from portal.services.portal_restore import PortalRestore

    settings = own_settings()
    vault = backup_vault(settings)
    if vault is None or not settings.has_own_database:
        raise Invalid("backup_not_set" if vault is None else "restore_not_sqlite")
    work = PortalRestore(vault, SystemClock(), _place(settings))
    if is_dry:
        _show(work.rehearse(until=_moment(moment), told=_told))
        return
    _show(work.restore(operator(), until=_moment(moment), is_forced=is_forced, told=_told))


def _place(settings: Settings) -> Place:
    from portal.secret_parts import master_keys
    from portal.services.portal_restore import Place

    database, file = Path(settings.database_url.removeprefix("sqlite:///")), settings.data / "secret.key"
    has_keys = settings.secret_key is not None or file.exists()
    return Place(database, settings.anchor_file, file, master_keys(settings) if has_keys else ())


def _show(restored: PortalRestored) -> None:
    row: dict[str, Any] = {**restored.document(), "next": say("cli.restored.next")}
    show_one(row, FIELDS)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("time_bad", time=text[:60]) from None
    return found if found.tzinfo else found.astimezone()


def _told(far: Far) -> None:
    if not invocation().is_json and os.isatty(2):
        share = f" {100 * far.done // far.total} %" if far.total else ""
        click.echo(f"\r\x1b[K{say(f'cli.restoring.{far.step}')}{share}", nl=False, err=True)


restore = ReportingCommand(
    "restore",
    callback=_restore,
    params=[
        Option(["--until", "moment"], default="", metavar="TIME"),
        Option(["--force", "is_forced"], is_flag=True),
        Option(["--dry-run", "is_dry"], is_flag=True),
    ],
)
