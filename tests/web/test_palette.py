"""Ctrl-K finds pages in both languages, and takes nothing strange from a websocket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.web.states.palette import PaletteState
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


@pytest.mark.parametrize("text", ["rollo", "上线"])
async def test_a_page_is_found_by_its_name_in_either_language(tab: NewTab, text: str) -> None:
    carol = tab().sign_in("carol").at("/")

    await carol.call(PaletteState.search, text)

    state = await carol.state(PaletteState)
    assert "/rollouts" in [row.path for row in state.rows]
    assert state.asked == text


@pytest.mark.parametrize("strange", [None, 7, "x" * 101, {"a": 1}])
async def test_what_is_no_text_is_refused(tab: NewTab, strange: object) -> None:
    carol = tab().sign_in("carol").at("/")

    await carol.call(PaletteState.search, strange)

    assert (await carol.state(PaletteState)).rows == []


async def test_nobody_searches_without_signing_in(tab: NewTab) -> None:
    mallory = tab().at("/")

    await mallory.call(PaletteState.search, "rollo")

    assert (await mallory.state(PaletteState)).rows == []


async def test_things_pages_and_actions_are_found_as_far_as_one_may_see_them(tab: NewTab) -> None:
    async def found(name: str, text: str) -> list[tuple[str, str]]:
        person = tab().sign_in(name).at("/")
        await person.call(PaletteState.search, text)
        return [(row.kind, row.title.en) for row in (await person.state(PaletteState)).rows]

    assert (await found("bob", "hello"))[0] == ("service", "hello")
    assert (await found("carol", "1.4.0")) == [("release", "hello 1.4.0")]
    assert (await found("carol", "生产"))[0] == ("environment", "prod")
    assert ("action", "Start a rollout") in await found("bob", "start")
    assert ("action", "Start a rollout") not in await found("carol", "start")
    assert ("page", "Audit") in await found("bob", "审计")
    assert ("page", "Audit") not in await found("carol", "")
