"""`codex-portal notification` and `channel`: what one was told, how one likes to be told, and where else it goes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from portal.cli.commands import argument, group, invocation, option, remote
from portal.cli.remote import portal
from portal.cli.tables import print_json, show_done, show_list, show_one
from portal.cli.words import language
from portal.domain.errors import Invalid
from portal.domain.notification import ChannelKind, NotificationEvent, Way
from portal.i18n.times import ago

notification, channel = group("notification"), group("channel")
COLUMNS = ("id", "when", "environment", "text", "path")
CHANNEL_COLUMNS = ("id", "kind", "name", "target", "events", "environments", "is_enabled", "created_by", "created_at")
DELIVERY_COLUMNS = ("id", "kind", "target", "event", "status", "attempts", "error", "due_at")


@remote(notification, "list")
@option("--unread", is_flag=True)
@option("--limit", type=int, default=20)
def list_notifications(*, unread: bool, limit: int) -> None:
    rows = portal().items("/notifications", limit=limit, is_unread="true" if unread else "")
    if invocation().is_json:
        print_json(rows)
        return
    now = datetime.now(UTC)
    shown = [
        {**row, "when": ago(language(), now - datetime.fromisoformat(row["at"])), "path": row["href"]} for row in rows
    ]
    show_list(shown, COLUMNS, empty="cli.empty.notifications")


@remote(notification, "read")
@argument("notification_id", type=int, required=False, metavar="[ID]")
def read(notification_id: int | None) -> None:
    """All of them without a number."""
    portal().put("/notifications/read", {"id": notification_id})
    show_done({"id": notification_id}, "cli.done.notifications_read")


@remote(notification, "settings")
@option("--address", default=None)
@option("--set", "ways", multiple=True, metavar="EVENT=WAY,…")
def settings(address: str | None, ways: tuple[str, ...]) -> None:
    """Shows them, after the changes if there are any."""
    client, path = portal(), "/notifications/preferences"
    wanted = client.get(path)
    if ways or address is not None:
        chosen = wanted["ways"] | dict(map(_way, ways))
        wanted = client.put(path, {"address": wanted["address"] if address is None else address, "ways": chosen})
    if invocation().is_json:
        print_json(wanted)
        return
    show_one({"address": wanted["address"]}, ("address",))
    rows = [{"event": event, "ways": chosen} for event, chosen in wanted["ways"].items()]
    show_list(rows, ("event", "ways"), empty="cli.empty.notifications")


def _way(text: str) -> tuple[str, list[str]]:
    """`mention=bell,email`, or `mention=` for not at all."""
    event, separator, ways = text.partition("=")
    chosen = [way for way in ways.split(",") if way]
    if not separator or event not in tuple(NotificationEvent) or not set(chosen) <= set(Way):
        raise Invalid("cli_way_bad", text=text[:60], events=", ".join(NotificationEvent), ways=", ".join(Way))
    return event, chosen


@remote(channel, "list")
def list_channels() -> None:
    show_list(portal().get("/channels"), CHANNEL_COLUMNS, empty="cli.empty.channels")


@remote(channel, "create")
@argument("name")
@argument("kind", type=click.Choice([str(kind) for kind in ChannelKind]))
@argument("target")
@option("--event", "events", multiple=True, type=click.Choice([str(event) for event in NotificationEvent]))
@option("--environment", "environments", multiple=True)
@option("--secret-file", default="", metavar="FILE")
@option("--key", default="")
def create_channel(name: str, *, secret_file: str, key: str, **order: Any) -> None:
    """The secret that signs webhooks comes from a file: what is typed stands in the history of the shell."""
    secret = _secret(secret_file) if secret_file else ""
    made = portal().post("/channels", {"name": name, "secret": secret, **order}, key=key)
    show_done(made, "cli.done.channel_created", name=name, id=made["id"])


def _secret(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("cli_file_unreadable", path=path, reason=getattr(error, "strerror", None) or "UTF-8") from None


@remote(channel, "remove")
@argument("channel_id", type=int, metavar="ID")
def remove_channel(channel_id: int) -> None:
    portal().delete(f"/channels/{channel_id}")
    show_done({"id": channel_id}, "cli.done.channel_removed", id=channel_id)


@remote(channel, "test")
@argument("channel_id", type=int, metavar="ID")
def test_channel(channel_id: int) -> None:
    portal().put(f"/channels/{channel_id}/test", None)
    show_done({"id": channel_id}, "cli.done.channel_tested", id=channel_id)


@remote(channel, "deliveries")
@option("--limit", type=int, default=20)
def list_deliveries(limit: int) -> None:
    """The newest first."""
    show_list(portal().items("/deliveries", limit=limit), DELIVERY_COLUMNS, empty="cli.empty.deliveries")


@remote(channel, "retry")
@argument("delivery_id", type=int, metavar="ID")
def retry_delivery(delivery_id: int) -> None:
    tried = portal().put(f"/deliveries/{delivery_id}/retry", None)
    show_done(tried, "cli.done.delivery_retried", id=delivery_id)
