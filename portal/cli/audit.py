"""`codex-portal audit`: what was done, by whom and why, and whether the trail is whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

import click

from portal.cli.commands import argument, group, option, remote
from portal.cli.remote import portal
from portal.cli.tables import show_done, show_list, show_one
from portal.cli.words import language
from portal.domain.audit import AUDIT_SORTS

audit = group("audit")
COLUMNS = ("sequence", "at", "actor", "text", "target", "environment", "reason")


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which entries are wanted."""
    for name in ("--text", "--environment", "--target", "--action", "--actor"):
        short = ("-e",) if name == "--environment" else ()
        command = option(name, *short, default="")(command)
    command = option("--since", default="", metavar="TIME")(command)
    return option("--until", "before", default="", metavar="TIME")(command)


@remote(audit, "list")
@filters
@option("--sort", type=click.Choice(AUDIT_SORTS), default="-at")
@option("--limit", type=int, default=50)
def list_entries(limit: int, before: str, **query: str) -> None:
    rows = portal().items("/audit", limit=limit, until=before, **query)
    show_list(rows, COLUMNS, empty="cli.empty.audit")


@remote(audit, "show")
@argument("number", type=int)
def show_entry(number: int) -> None:
    entry, proof = portal().get(f"/audit/{number}"), portal().get(f"/audit/{number}/proof")
    show_one({**entry, "proof": proof}, (*COLUMNS, "hash"))


@remote(audit, "verify")
@option("--remote", "is_remote", is_flag=True)
def verify_trail(is_remote: bool) -> int:
    """On this machine it reads the database itself and believes no server."""
    report = portal().get("/audit/verification") if is_remote else _own_report()
    show_done(report, "cli.plain", text=report["text"])
    return 0 if report["is_intact"] else 1


def _own_report() -> dict[str, object]:
    from dataclasses import asdict

    from portal.cli.own import own_portal
    from portal.cli.words import say

    with own_portal() as (core, operator):
        report = core.audit.verify(operator)
    text = say(f"audit_report.{report.code}", entries=report.entries, broken_at=report.broken_at or "")
    return {**asdict(report), "text": text}


@remote(audit, "export")
@argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@filters
@option("--form", type=click.Choice(("jsonl", "csv")), default="jsonl")
def export_trail(file: IO[str], before: str, **query: str) -> None:
    for line in portal().lines("/audit/export", lang=language(), until=before, **query):
        file.write(f"{line}\n")
