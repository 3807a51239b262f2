"""`codex-portal settings`: what the portal of this machine is told by its environment."""

from __future__ import annotations

import dataclasses
import os

from portal.cli.commands import ReportingCommand
from portal.cli.own import own_settings
from portal.cli.tables import show_list

SHOWN_SECRET = "…"


def _show() -> None:
    settings = own_settings()
    rows = [_row(field, getattr(settings, field.name)) for field in dataclasses.fields(settings)]
    show_list(rows, ("variable", "value", "is_given"), empty="cli.empty.settings")


def _row(field: dataclasses.Field[object], value: object) -> dict[str, object]:
    about = field.metadata
    variable = about["variable"]
    is_hidden = about["is_secret"] and value is not None
    return {
        "variable": variable,
        "value": SHOWN_SECRET if is_hidden else _plain(value),
        "is_given": any(os.environ.get(name) for name in (variable, f"{variable}_FILE")),
        "is_secret": about["is_secret"],
    }


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


settings = ReportingCommand("settings", callback=_show)
