"""The nouns of the side navigation. A page that does not exist yet is not listed: one line here adds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noun:
    """`name` is the word `nav.<name>`, `icon` one of Lucide, `key` what follows `g` on the keyboard."""

    name: str
    path: str
    icon: str
    key: str


@dataclass(frozen=True, slots=True)
class Group:
    """`name` is the word `nav.<name>`; the first group has none."""

    name: str
    nouns: tuple[Noun, ...]


GROUPS: tuple[Group, ...] = (
    Group("", (Noun("overview", "/", "layout-dashboard", "o"),)),
    Group(
        "deliver",
        (
            Noun("releases", "/releases", "package", "r"),
            Noun("rollouts", "/rollouts", "git-branch", "u"),
        ),
    ),
)


def nouns() -> tuple[Noun, ...]:
    return tuple(noun for group in GROUPS for noun in group.nouns)
