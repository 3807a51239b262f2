"""What is different between two texts, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_LINES, LONGEST_LINE = 2000, 500


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`kind` is same, added, removed, or gap: `count` lines that stayed the same and are left out.

    `old` and `new` are the line's numbers there, empty where it is not.
    """

    kind: str
    text: str = ""
    old: str = ""
    new: str = ""
    count: int = 0


def diff_lines(before: str, after: str, *, context: int = 3) -> list[DiffLine]:
    """What went and what came, with `context` lines around; empty if they are the same. The first 2,000 lines count."""
    old, new = before.splitlines()[:MOST_LINES], after.splitlines()[:MOST_LINES]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    groups = list(matcher.get_grouped_opcodes(context))
    found: list[DiffLine] = []
    seen = 0
    for group in groups:
        found += _gap(group[0][1] - seen)
        for opcode in group:
            found += _lines(opcode, old, new)
        seen = group[-1][2]
    return [*found, *_gap(len(old) - seen)] if groups else []


def _gap(count: int) -> list[DiffLine]:
    return [DiffLine("gap", count=count)] if count > 0 else []


def _lines(opcode: tuple[str, int, int, int, int], old: list[str], new: list[str]) -> Iterator[DiffLine]:
    tag, i1, i2, j1, j2 = opcode
    if tag == "equal":
        for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
            yield DiffLine("same", old[i][:LONGEST_LINE], str(i + 1), str(j + 1))
        return
    for i in range(i1, i2):
        yield DiffLine("removed", old[i][:LONGEST_LINE], old=str(i + 1))
    for j in range(j1, j2):
        yield DiffLine("added", new[j][:LONGEST_LINE], new=str(j + 1))
