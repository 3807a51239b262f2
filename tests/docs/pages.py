"""The documents as tests see them: headings, links, fenced examples, and the tables that are made from the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portal.domain.access import Role
from portal.i18n import t
from portal.services.access import table

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"settings.md", "rest.md", "cli.md", "errors.md", "metrics.md", "requirements.md"}
TWINS_AT_ROOT = ("README", "CONTRIBUTING")
_FENCE = re.compile(r"^```(\w*)( run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block. `where` is the document and the line at which it begins.

    `is_runnable`: it begins with ```sh run, and a test runs it.
    """

    where: str
    language: str
    text: str
    is_runnable: bool = False


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def written(locale: str) -> list[Path]:
    """The pages of a language that people write."""
    return [path for path in sorted((ROOT / "docs" / locale).rglob("*.md")) if path.name not in GENERATED]


def documents() -> list[Path]:
    """Every document that people write, in either language."""
    root = [ROOT / name for twin in TWINS_AT_ROOT for name in (f"{twin}.md", f"{twin}.zh.md")]
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    return [*root, ROOT / "CHANGELOG.md", *written("en"), *written("zh"), *decisions]


def twins() -> list[tuple[Path, Path]]:
    pairs = [(ROOT / f"{name}.md", ROOT / f"{name}.zh.md") for name in TWINS_AT_ROOT]
    return pairs + [(path, ROOT / "docs" / "zh" / path.relative_to(ROOT / "docs" / "en")) for path in written("en")]


def fences(path: Path) -> Iterator[Fence]:
    text = text_of(path)
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Fence(f"{path.relative_to(ROOT)}:{line}", found[1], found[3], is_runnable=bool(found[2]))


def without_fences(path: Path) -> str:
    return _FENCE.sub("", text_of(path))


def headings(path: Path) -> list[int]:
    """The depth of each heading, in order."""
    return [len(found) for found in re.findall(r"^(#+) ", without_fences(path), re.MULTILINE)]


def links(path: Path) -> list[str]:
    return _LINK.findall(without_fences(path))


def lines_of_tables(path: Path) -> int:
    return sum(line.startswith("|") for line in without_fences(path).splitlines())


def permission_table(locale: str) -> str:
    """Which role may do what, and where it has to be given, as it stands in the page on roles."""
    head = {"en": "you may", "zh": "可以"}[locale]
    rows = [[head, "", t(locale, "access.reach"), *(t(locale, f"role.{role}") for role in Role)]]
    rows.append(["---"] * (len(Role) + 3))
    for line in table():
        marks = ["✓" if role in line.roles else "" for role in Role]
        named = [t(locale, f"permission.{line.permission}"), f"`{line.permission}`", t(locale, f"reach.{line.reach}")]
        rows.append([*named, *marks])
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |").replace("|  |", "| |") for row in rows)
