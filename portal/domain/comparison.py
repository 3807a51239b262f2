"""Two releases of a service side by side: what is different, field by field and line by line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from portal.domain.deployment import Deployment
from portal.domain.release import Release

MOST_LINES = 2000


@dataclass(frozen=True, slots=True)
class Side:
    """One release with where it runs, the plan it was last rolled out by (YAML, empty: never), the settings that its
    containers were given then (now, for one that was never rolled out), and when that was.
    """

    release: Release
    places: tuple[Deployment, ...] = ()
    plan: str = ""
    settings: str = ""
    rolled_out_at: datetime | None = None
    rolled_out_to: str = ""


@dataclass(frozen=True, slots=True)
class LineDiff:
    """One line: `mark` is " " (both), "-" (only old) or "+" (only new); numbers count from 1, 0 where it is not."""

    mark: str
    text: str
    old: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`between` are the versions made after the older and before the newer one, the newest first.

    `commits_url` leads to the source repository's own comparison; empty where it is not known. A diff without any
    line that is marked says that both are the same.
    """

    old: Side
    new: Side
    commits_url: str = ""
    between: tuple[Release, ...] = ()
    plan_diff: tuple[LineDiff, ...] = ()
    settings_diff: tuple[LineDiff, ...] = ()
    notes_diff: tuple[LineDiff, ...] = ()

    @property
    def is_same_image(self) -> bool:
        return self.old.release.image == self.new.release.image


def line_diff(old: str, new: str) -> tuple[LineDiff, ...]:
    """Both texts as one list of lines, in order; past 2,000 lines of either the rest is left out."""
    before, after = old.splitlines()[:MOST_LINES], new.splitlines()[:MOST_LINES]
    found: list[LineDiff] = []
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [LineDiff(" ", before[i + n], i + n + 1, j + n + 1) for n in range(i_end - i)]
            continue
        found += [LineDiff("-", before[n], old=n + 1) for n in range(i, i_end)]
        found += [LineDiff("+", after[n], new=n + 1) for n in range(j, j_end)]
    return tuple(found)


def has_changes(lines: tuple[LineDiff, ...]) -> bool:
    return any(line.mark != " " for line in lines)


def as_lines(settings: Mapping[str, object]) -> str:
    """`name: value`, one a line, sorted; mappings as `name.key: value`: so that a diff shows single settings."""
    return "\n".join(f"{name}: {value}" for name, value in sorted(_flat(settings, "")))


def _flat(settings: Mapping[str, object], before: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in settings.items():
        match value:
            case Mapping():
                found += _flat(cast("Mapping[str, object]", value), f"{before}{name}.")
            case tuple():
                items = cast("tuple[object, ...]", value)
                found.append((f"{before}{name}", ", ".join(str(item) for item in items)))
            case _:
                found.append((f"{before}{name}", str(value)))
    return found
