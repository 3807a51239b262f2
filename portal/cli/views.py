"""`codex-portal view`: saved views of lists."""

from __future__ import annotations

from portal.cli.commands import argument, group, option, remote
from portal.cli.remote import portal
from portal.cli.tables import show_done, show_list

view = group("view")
COLUMNS = ("id", "name", "query", "owner", "is_shared", "created_at")


@remote(view, "list")
@argument("noun", metavar="LIST")
def list_views(noun: str) -> None:
    show_list(portal().get("/views", noun=noun), COLUMNS, empty="cli.empty.views")


@remote(view, "save")
@argument("noun", metavar="LIST")
@argument("name")
@argument("query")
@option("--shared", is_flag=True)
@option("--key", default="")
def save_view(noun: str, name: str, *, query: str, shared: bool, key: str) -> None:
    """QUERY is the part of the list's address after the question mark."""
    order = {"noun": noun, "name": name, "query": query, "is_shared": shared}
    made = portal().post("/views", order, key=key)
    show_done(made, "cli.done.view_saved", name=made["name"], id=made["id"])


@remote(view, "remove")
@argument("view_id", type=int, metavar="ID")
def remove_view(view_id: int) -> None:
    portal().delete(f"/views/{view_id}")
    show_done({"id": view_id}, "cli.done.view_removed", id=view_id)
