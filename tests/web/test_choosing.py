"""Rows of a list are chosen one by one or all at once, and only those that are there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.web.states.components import ComponentsState
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


async def opened(tab: NewTab) -> Tab:
    carol = tab().sign_in("carol").at("/dev/components")
    await carol.open()
    return carol


async def test_rows_are_chosen_and_let_go(tab: NewTab) -> None:
    carol = await opened(tab)

    await carol.call(ComponentsState.choose, "service-002", True)
    await carol.call(ComponentsState.choose, "service-001", True)
    await carol.call(ComponentsState.choose, "service-002", False)
    assert (await carol.state(ComponentsState)).chosen == ["service-001"]

    await carol.call(ComponentsState.choose_all, True)
    assert len((await carol.state(ComponentsState)).chosen) == 8
    await carol.call(ComponentsState.choose_none)
    assert (await carol.state(ComponentsState)).chosen == []


@pytest.mark.parametrize(("key", "is_on"), [("service-999", True), (None, True), (["service-001"], True)])
async def test_what_is_not_in_the_list_cannot_be_chosen(tab: NewTab, key: object, is_on: object) -> None:
    carol = await opened(tab)

    await carol.call(ComponentsState.choose, key, is_on)

    assert (await carol.state(ComponentsState)).chosen == []
