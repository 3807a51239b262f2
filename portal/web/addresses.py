"""Addresses of pages with their filters, so that what is seen can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from portal.domain.page import Page

PAGE_SIZE = 25


def address(path: str, /, **filters: object) -> str:
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


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which column a list is sorted, and for each column that can be the address that sorts by it."""

    by: str = ""
    is_descending: bool = False
    links: dict[str, str] = field(default_factory=dict[str, str])


def sorting(wanted: str, allowed: Sequence[str], path: str, **filters: object) -> Sorting:
    """`wanted` is one of the orders allowed: a column, with a minus before it if the largest comes first.

    Pressing the column that is sorted by turns the order, where the other one is allowed too.
    """
    by, is_descending = wanted.removeprefix("-"), wanted.startswith("-")
    turned = by if is_descending else f"-{by}"
    orders = {order.removeprefix("-"): order for order in reversed(allowed)}
    orders |= {by: turned if turned in allowed else wanted}
    return Sorting(by, is_descending, {name: address(path, sort=order, **filters) for name, order in orders.items()})


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
