"""The set-up of a new portal on its page: for administrators alone, step by step, and gone once it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.identity import NewUser
from portal.web.states import bell, inbox, integrations
from portal.web.states.set_up import SetUpState
from tests.stage import PortalStage
from tests.web.conftest import Tab, password_of

NewTab = Callable[[], Tab]


@pytest.fixture(autouse=True)
def without_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object, **__: object) -> AsyncIterator[None]:
        for none in ():
            yield none

    for loop, name in ((bell, "looks"), (inbox, "looks"), (integrations, "beats")):
        monkeypatch.setattr(loop, name, nothing)


@pytest.fixture
def erin(stage: PortalStage) -> str:
    new = NewUser("erin", password_of("erin"), (Grant(Role.ADMINISTRATOR),))
    return stage.core.identity.create_user(SYSTEM, new).name


async def test_it_goes_on_where_it_was_left_or_where_the_address_says(tab: NewTab, erin: str) -> None:
    admin = tab().sign_in(erin).at("/set-up")
    await admin.open()
    state = await admin.state(SetUpState)
    assert (state.step, [line.status for line in state.steps]) == ("password", ["open", "open", "done", "open", "open"])
    assert "_redirect" in await admin.call(SetUpState.go_on, "password")
    await admin.open()
    assert (await admin.state(SetUpState)).step == "reading"
    assert (await admin.state(SetUpState)).steps[0].status == "skipped"
    await admin.at("/set-up", step="parts").open()
    assert (await admin.state(SetUpState)).step == "parts"


async def test_once_it_is_over_it_is_never_shown_again(tab: NewTab, stage: PortalStage, erin: str) -> None:
    admin = tab().sign_in(erin).at("/set-up")
    await admin.open()
    await admin.call(SetUpState.skip)
    assert not stage.core.identity.set_up(SYSTEM).is_due
    assert "_redirect" in await admin.open()


async def test_nobody_else_gets_in_by_address_or_by_calling_the_handlers(tab: NewTab, stage: PortalStage) -> None:
    dave = tab().sign_in("dave").at("/set-up")
    await dave.open()
    state = await dave.state(SetUpState)
    assert (state.is_loaded, "administrator" in state.trouble.en) == (False, True)
    for handler, arguments in ((SetUpState.go_on, ("people",)), (SetUpState.skip, ()), (SetUpState.finish, ())):
        await dave.call(handler, *arguments)
    assert stage.core.identity.set_up(SYSTEM).is_due


@pytest.mark.parametrize("name", ["", "end", None, 5, "x" * 10_000])
async def test_what_is_no_step_changes_nothing(tab: NewTab, stage: PortalStage, erin: str, name: object) -> None:
    admin = tab().sign_in(erin).at("/set-up")
    await admin.call(SetUpState.go_on, name)
    assert stage.core.identity.set_up(SYSTEM).passed == frozenset()
