"""What every list has: filters, sorting and paging in the address, and rows that can be chosen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import reflex as rx

from portal.domain.access import Permission
from portal.domain.errors import Invalid, PortalError
from portal.domain.page import Page
from portal.web import arguments
from portal.web.addresses import Paging, Sorting, address, paging, sorting
from portal.web.policy import requires
from portal.web.states.live import put
from portal.web.states.session import telling
from portal.web.words import Words, error_words

MOST_CHOSEN = 100


class Listing(rx.State, mixin=True):
    """Mix in before `rx.State`, add `rows`, and show it with `portal.web.components.tables.data_table`.

    async def load(self) -> None:
        async with loading(self):
            wanted = self._wanted("service", "text")
            query = ThingQuery(**wanted, sort=self._sort(SORTS), offset=offset(self), limit=PAGE_SIZE)
            page = await asyncio.to_thread(core().things.page, await actor_of(self), query)
            put(self, rows=[...])
            self._show(page, wanted, sorts=SORTS)
    """

    is_loaded: bool = False
    paging: Paging = Paging()
    sorting: Sorting = Sorting()
    filters: dict[str, str] = {}
    is_filtered: bool = False
    clearings: int = 0
    trouble: Words = Words()

    def _wanted(self, *names: str) -> dict[str, Any]:
        """The filters of these names as the address has them; empty where one is not set."""
        return {name: arguments.query(self, name) for name in names}

    def _sort(self, allowed: Sequence[str]) -> str:
        """The order that the address asks for, else the first of those allowed."""
        wanted = arguments.query(self, "sort")
        return wanted if wanted in allowed else allowed[0]

    def _show(
        self,
        page: Page[Any],
        wanted: dict[str, str],
        *,
        sorts: Sequence[str] = (),
        columns: Sequence[str] = (),
        sort: str = "",
    ) -> None:
        """Remember which part of the list is shown, and in which order.

        `sorts` are the orders that there are, or `columns` those that can be sorted by both ways. `sort` is the order
        that was shown, if that is not what `_sort` says.
        """
        orders = sorts or arguments.both_ways(columns) or ("",)
        path, kept = self.router.url.path, {"sort": arguments.query(self, "sort")}
        put(
            self,
            is_loaded=True,
            trouble=Words(),
            filters=wanted,
            is_filtered=any(wanted.values()),
            paging=paging(page, path, **wanted, **kept),
            sorting=sorting(sort or self._sort(orders), orders, path, **wanted),
        )

    @rx.event
    @requires(Permission.VIEW)
    async def filter_by(self, name: str, value: str) -> object:
        """Change one filter: the address changes, and the list begins anew."""
        async with telling(self):
            arguments.choice(name, self.filters)
            changed = {**self.filters, name: arguments.text(value, longest=100)}
            return rx.redirect(_own(self, **changed), replace=True)

    @rx.event
    @requires(Permission.VIEW)
    def clear_filters(self) -> object:
        self.filters, self.is_filtered = dict.fromkeys(self.filters, ""), False
        self.clearings += 1
        return rx.redirect(_own(self), replace=True)


@asynccontextmanager
async def loading(state: Listing) -> AsyncIterator[None]:
    """A list that cannot be loaded says why in its place; the next time that it can, it is shown again."""
    try:
        yield
    except PortalError as error:
        put(state, trouble=error_words(error))


class Choosing(rx.State, mixin=True):
    """Rows that can be chosen for an action on all of them. What is chosen is gone when the page is left.

    The state says what names a row by `_key_of(row)`.
    """

    chosen: list[str] = []

    def _key_of(self, row: object) -> str:
        raise NotImplementedError

    def _keys(self) -> list[str]:
        return [self._key_of(row) for row in getattr(self, "rows", ())]

    @rx.event
    @requires(Permission.VIEW)
    async def choose(self, key: str, is_on: bool) -> None:
        async with telling(self):
            arguments.choice(key, self._keys())
            kept = [name for name in self.chosen if name != key]
            if is_on is True and len(kept) >= MOST_CHOSEN:
                raise Invalid("argument_bad", field="chosen")
            self.chosen = [*kept, key] if is_on is True else kept

    @rx.event
    @requires(Permission.VIEW)
    def choose_all(self, is_on: bool) -> None:
        self.chosen = self._keys()[:MOST_CHOSEN] if is_on is True else []

    @rx.event
    @requires(Permission.VIEW)
    def choose_none(self) -> None:
        self.chosen = []


def _own(state: rx.State, /, **filters: str) -> str:
    """The address of this page with these filters; the order of the list stays."""
    path = "/" + state.router.url.path.strip("/")
    return address(path, **filters, sort=arguments.query(state, "sort"))
