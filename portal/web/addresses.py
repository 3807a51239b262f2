"""Addresses of pages with their filters, so that what is seen can be sent to a colleague."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from portal.domain.page import Page

PAGE_SIZE = 25


def address(path: str, **filters: object) -> str:
    """The path with those filters that are set."""
    chosen = {name.rstrip("_"): value for name, value in filters.items() if value not in ("", 0, None)}
    return f"{path}?{urlencode(chosen)}" if chosen else path


def release_address(service: str, version: str) -> str:
    return f"/releases/{quote(service)}/{quote(version)}"


@dataclass(frozen=True, slots=True)
class Paging:
    """ "26-50 of 80", with the addresses of the neighbours; empty where there is none."""

    first: int = 0
    last: int = 0
    total: int = 0
    previous: str = ""
    following: str = ""


def paging(page: Page[Any], path: str, **filters: object) -> Paging:
    last = page.offset + len(page.items)
    has_more, has_less = last < page.total, page.offset > 0
    back = max(0, page.offset - page.limit)
    return Paging(
        first=min(page.offset + 1, last),
        last=last,
        total=page.total,
        previous=address(path, from_=back, **filters) if has_less else "",
        following=address(path, from_=last, **filters) if has_more else "",
    )
