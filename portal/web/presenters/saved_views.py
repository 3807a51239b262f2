"""Saved views in their menu."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.saved_view import SavedView


@dataclass(frozen=True, slots=True)
class ViewLine:
    id: int
    name: str
    href: str
    owner: str
    is_mine: bool
    is_shared: bool


def view_line(view: SavedView, human: str) -> ViewLine:
    """`owner` is empty for one's own."""
    is_mine = view.owner == human
    href = f"/{view.noun}?{view.query}" if view.query else f"/{view.noun}"
    return ViewLine(view.id, view.name, href, "" if is_mine else view.owner, is_mine, view.is_shared)
