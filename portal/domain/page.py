"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Item_co = TypeVar("Item_co", covariant=True)

LONGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[Item_co]):
    """`items` from `offset` on, and how many there are in all."""

    items: tuple[Item_co, ...]
    total: int
    offset: int = 0
    limit: int = 50


def bounded(offset: int, limit: int) -> tuple[int, int]:
    """An offset and a limit that are safe to ask the database for."""
    return max(0, min(offset, 1_000_000_000)), max(1, min(limit, LONGEST_PAGE))
