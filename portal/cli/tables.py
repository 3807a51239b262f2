"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from unicodedata import east_asian_width

import click

from portal.cli.commands import invocation
from portal.cli.words import say

Row = Mapping[str, Any]
COLOURS = {
    **dict.fromkeys(("succeeded", "ok", "pass", "done", "baking"), "green"),
    **dict.fromkeys(("aborted", "halted", "failing", "fail", "failed", "rolling_back"), "red"),
    **dict.fromkeys(("paused", "awaiting_approval", "degraded", "inconclusive", "superseded"), "yellow"),
}


def width(text: str) -> int:
    """How many columns a terminal gives the text: Chinese characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def show_list(rows: Sequence[Row], columns: Sequence[str], *, empty: str) -> None:
    """A table of these fields, titled by `cli.column.<field>`; the sentence `empty` if there are no rows."""
    if invocation().is_json:
        print_json(list(rows))
    elif not rows:
        click.echo(say(empty))
    else:
        for line in table(rows, columns):
            click.echo(line)


def show_one(row: Row, fields: Sequence[str]) -> None:
    """The fields of one thing, one a line."""
    if invocation().is_json:
        print_json(row)
        return
    titles = [say(f"cli.column.{field}") for field in fields]
    widest = max(width(title) for title in titles)
    for title, field in zip(titles, fields, strict=True):
        value = cell(field, row.get(field))
        if value:
            click.echo(f"{_padded(title, widest)}  {click.style(value, fg=_colour(row, field))}")


def show_done(row: Row, key: str, **params: object) -> None:
    """A sentence about what was done; with --json the thing itself."""
    if invocation().is_json:
        print_json(row)
    else:
        click.echo(say(key, **params))


def print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    titles = [say(f"cli.column.{column}") for column in columns]
    cells = [[cell(column, row.get(column)) for column in columns] for row in rows]
    widths = [max(width(text) for text in texts) for texts in zip(titles, *cells, strict=True)]
    lines = [_line(titles, widths, styled=lambda text, _: click.style(text, bold=True))]
    for row, texts in zip(rows, cells, strict=True):
        colours = [_colour(row, column) for column in columns]
        lines.append(_line(texts, widths, styled=lambda text, at, colours=colours: click.style(text, fg=colours[at])))
    return lines


def cell(field: str, value: object) -> str:
    """One value as a person reads it: times in the zone of this machine, lists by commas, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return say("cli.yes" if value else "cli.no")
    if isinstance(value, list):
        return ", ".join(cell(field, item) for item in value)
    if isinstance(value, dict):
        return str(value["text"]) if "text" in value else json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and field.rpartition("_")[2] in ("at", "since", "until"):
        return _moment(value)
    return f"{value} %" if field == "percent" else str(value).replace("\n", "\n  ")


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return text


def _colour(row: Row, field: str) -> str | None:
    name = field.removesuffix("_text")
    return COLOURS.get(str(row.get(name))) if name in ("state", "health", "outcome", "status") else None


def _line(texts: Sequence[str], widths: Sequence[int], *, styled: Callable[[str, int], str]) -> str:
    last = len(texts) - 1
    padded = [text if at == last else _padded(text, widths[at]) for at, text in enumerate(texts)]
    return "  ".join(styled(text, at) for at, text in enumerate(padded))


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))
