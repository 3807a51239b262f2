"""Containers on their pages: the list, one container and what is done to it, and the machine they run on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from portal.domain.access import SYSTEM
from portal.domain.container import ContainerState as State
from portal.domain.container_view import ContainerQuery
from portal.web.presenters.containers import size
from portal.web.states import bell, inbox, live
from portal.web.states.container import ContainerState, look
from portal.web.states.containers import ContainersState
from portal.web.states.engine import EngineState
from portal.web.states.proof import ProofState
from portal.web.states.session import SessionState
from tests.stage import CAROL, DAVE, PortalStage
from tests.web.conftest import Tab, password_of

NewTab = Callable[[], Tab]


@pytest.fixture(autouse=True)
def looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live loops look once: a tab without a socket counts as seen for that."""
    seen: set[str] = set()

    async def once(token: str) -> bool:
        is_new = token not in seen
        seen.add(token)
        return is_new

    async def no_looks(*_: object, **__: object) -> AsyncIterator[None]:
        for nothing in ():
            yield nothing

    monkeypatch.setattr(live, "is_connected", once)
    for loop in (bell, inbox):  # every page has these, and they would take the look
        monkeypatch.setattr(loop, "looks", no_looks)


def first(stage: PortalStage) -> str:
    return stage.core.fleet.page(SYSTEM, ContainerQuery()).items[0].name


async def test_the_list_shows_what_the_address_asks_for(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/containers", service="hello", sort="-name")
    await carol.open()
    state = await carol.state(ContainersState)
    assert [row.version for row in state.rows] == ["1.0.0"] * 3
    assert [row.name for row in state.rows] == sorted((row.name for row in state.rows), reverse=True)
    assert state.services == ["hello"]
    assert {row.health.text.en for row in state.rows} == {"healthy"}


async def test_a_filter_that_nothing_passes_leaves_nothing(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/containers", state="unhealthy")
    await carol.open()
    assert (await carol.state(ContainersState)).rows == []


async def test_one_container_is_shown_with_what_this_person_may_do(tab: NewTab, stage: PortalStage) -> None:
    name = first(stage)
    dave = tab().sign_in("dave").at(f"/containers/{name}")
    await dave.open()
    state = await dave.state(ContainerState)
    assert state.line.name == name
    assert [press.code for press in state.presses] == ["restart", "stop"]
    assert look(CAROL, name).presses == []


async def test_a_container_that_is_not_there_is_said_to_be_missing(tab: NewTab) -> None:
    carol = tab().sign_in("carol").at("/containers/nobody")
    await carol.open()
    assert (await carol.state(ContainerState)).missing.en


async def test_dave_stops_one_after_saying_why(tab: NewTab, stage: PortalStage) -> None:
    name = first(stage)
    dave = tab().sign_in("dave").at(f"/containers/{name}")
    await dave.open()
    await dave.call(ContainerState.ask, "stop")
    assert (await dave.state(ContainerState)).question.warning.en
    await dave.call(ContainerState.act, {"reason": "look at its disk"})
    assert stage.containers.inspect(name).state is State.EXITED
    assert "look at its disk" in look(DAVE, name).line.held.en


@pytest.mark.parametrize("name", ["carol", "bob", "alice"])
async def test_who_may_not_act_cannot_by_calling_the_handler(tab: NewTab, stage: PortalStage, name: str) -> None:
    person = tab().sign_in(name).at(f"/containers/{first(stage)}")
    await person.open()
    for handler, argument in ((ContainerState.ask, "stop"), (ContainerState.act, {}), (ContainerState.run, {})):
        await person.call(handler, argument)
    assert (await person.state(SessionState)).notice.tone == "bad"
    assert all(container.is_running for container in stage.containers.list())


async def test_a_command_inside_shows_what_it_printed(tab: NewTab, stage: PortalStage) -> None:
    stage.core.fleet.lets_execute = True
    dave = tab().sign_in("dave").at(f"/containers/{first(stage)}", tab="exec")
    await dave.open()
    await dave.call(ContainerState.run, {"command": "echo 'a b'", "reason": "look", "seconds": "10"})
    state = await dave.state(ContainerState)
    assert state.ran.lines == (("stdout", "a b"),)
    assert state.ran.badge.tone == "ok"


async def test_a_command_inside_asks_who_sits_there_when_that_was_long_ago(tab: NewTab, stage: PortalStage) -> None:
    stage.core.fleet.lets_execute = True
    dave = tab().sign_in("dave").at(f"/containers/{first(stage)}", tab="exec")
    await dave.open()
    stage.clock.move(601)
    form = {"command": "echo 'a b'", "reason": "look", "seconds": "10"}
    await dave.call(ContainerState.run, form)
    assert (await dave.state(ProofState)).is_wanted
    assert "Confirm" in (await dave.state(ContainerState)).exec_trouble.en
    await dave.call(ContainerState.run, {**form, "proof": "wrong"})
    assert (await dave.state(ContainerState)).ran.lines == ()
    await dave.call(ContainerState.run, {**form, "proof": password_of("dave")})
    assert (await dave.state(ContainerState)).ran.lines == (("stdout", "a b"),)
    assert not (await dave.state(ProofState)).is_wanted


@pytest.mark.parametrize(
    "form", [{"command": "echo 'open", "reason": "x"}, {"command": "true"}, {"command": "true", "seconds": "9999"}]
)
async def test_what_is_no_command_is_said_beside_the_form(
    tab: NewTab, stage: PortalStage, form: dict[str, str]
) -> None:
    stage.core.fleet.lets_execute = True
    dave = tab().sign_in("dave").at(f"/containers/{first(stage)}", tab="exec")
    await dave.open()
    await dave.call(ContainerState.run, form)
    assert (await dave.state(ContainerState)).exec_trouble.zh


async def test_an_image_nobody_needs_goes_when_its_name_is_typed(tab: NewTab, stage: PortalStage) -> None:
    spare = stage.world.add_image("spare:1", stage.world.behaviours[stage.containers.image("hello:1.0.0").id])
    dave = tab().sign_in("dave").at("/containers/images")
    await dave.open()
    await dave.call(EngineState.ask, spare.id)
    await dave.call(EngineState.remove, {"typed": "spare", "reason": "tidy"})
    assert (await dave.state(EngineState)).trouble.en
    await dave.call(EngineState.remove, {"typed": "spare:1", "reason": "tidy"})
    assert "spare:1" not in {row.name for row in (await dave.state(EngineState)).rows}


@pytest.mark.parametrize("place", ["hosts", "volumes", "networks"])
async def test_every_place_of_the_engine_can_be_looked_at(tab: NewTab, place: str) -> None:
    carol = tab().sign_in("carol").at(f"/containers/{place}")
    await carol.open()
    state = await carol.state(EngineState)
    assert (state.is_loaded, state.failure.en) == (True, "")


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1_500, "1.5 KiB"), (20_000_000, "19.1 MiB"), (None, "")]
)
def test_sizes_have_three_digits_at_most(count: int | None, shown: str) -> None:
    assert size(count).replace("\N{NARROW NO-BREAK SPACE}", " ") == shown
