"""`codex-portal status`: what runs where."""

from __future__ import annotations

from portal.cli.commands import RemoteCommand
from portal.cli.remote import portal
from portal.cli.tables import show_list

COLUMNS = ("service", "environment", "version", "health", "replicas_up", "replicas", "rollout_id", "rollout_state")


def _status() -> None:
    show_list(portal().get("/matrix"), (*COLUMNS, "to_version", "percent"), empty="cli.empty.services")


status = RemoteCommand("status", callback=_status)
