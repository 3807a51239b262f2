"""`codex-portal service`: what is deployed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.cli.commands import Group, argument, group, option, remote
from portal.cli.edits import edited, read_mapping
from portal.cli.failures import RemoteProblem
from portal.cli.remote import RemotePortal, portal
from portal.cli.tables import show_done, show_list, show_one

service = group("service")
COLUMNS = ("name", "repository", "port", "hosts", "path_prefix", "owners")
SHOWN_ONLY = ("name", "is_archived", "expires_at")
FIELDS = (*COLUMNS, "description", "health_path", "metrics_path", "dependencies", "environment", "limits")


def changes(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a thing should become."""
    for add in (
        option("--reason", "-m", default=""),
        option("--set", "changes", multiple=True, metavar="FIELD=VALUE"),
        option("--file", "-f", default="", metavar="FILE"),
    ):
        command = add(command)
    return command


def wanted(client: RemotePortal, path: str, *, file: str, changes: tuple[str, ...]) -> dict[str, Any]:
    """What a file says, or else the thing as it stands, after the changes."""
    thing = edited(read_mapping(file) if file else _present(client, path), changes)
    return {name: value for name, value in thing.items() if name not in SHOWN_ONLY}


def _present(client: RemotePortal, path: str) -> dict[str, Any]:
    try:
        return client.get(path)
    except RemoteProblem as problem:
        if problem.document.get("status") != 404:
            raise
        return {}


@remote(service, "list")
def list_services() -> None:
    show_list(portal().get("/services"), COLUMNS, empty="cli.empty.services")


@remote(service, "show")
@argument("name")
def show_service(name: str) -> None:
    show_one(portal().get(f"/services/{name}"), FIELDS)


@remote(service, "save")
@argument("name")
@changes
def save_service(name: str, *, file: str, changes: tuple[str, ...], reason: str) -> None:
    client, path = portal(), f"/services/{name}"
    saved = client.put(path, wanted(client, path, file=file, changes=changes), reason=reason)
    show_done(saved, "cli.done.saved", name=name)


def archiving(noun: Group, path: str) -> None:
    """The two commands that put a thing of the noun away and take it out again."""

    @remote(noun, "archive")
    @argument("name")
    @option("--reason", "-m", default="")
    def archive(name: str, reason: str) -> None:
        show_done(portal().put(f"{path}/{name}/archived", None, reason=reason), "cli.done.archived", name=name)

    @remote(noun, "restore")
    @argument("name")
    @option("--reason", "-m", default="")
    def restore(name: str, reason: str) -> None:
        portal().delete(f"{path}/{name}/archived", reason=reason)
        show_done({"name": name}, "cli.done.restored", name=name)


archiving(service, "/services")
