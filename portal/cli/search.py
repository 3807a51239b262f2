"""`codex-portal search`: whatever is called like that, anywhere in the portal."""

from __future__ import annotations

import click

from portal.cli.commands import RemoteCommand
from portal.cli.remote import portal
from portal.cli.tables import show_list


def _search(words: tuple[str, ...]) -> None:
    rows = portal().get("/search", text=" ".join(words))
    show_list(rows, ("kind", "title", "environment", "detail", "path"), empty="cli.empty.search")


search = RemoteCommand("search", callback=_search, params=[click.Argument(["words"], nargs=-1, required=True)])
