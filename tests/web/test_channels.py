"""Channels are made, changed and removed on the page of integrations by who may, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal import wiring
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.identity import NewUser
from portal.web.states.channels import ChannelsState
from tests.stage import PortalStage
from tests.web.conftest import Tab, password_of

NewTab = Callable[[], Tab]
FORM = {
    "kind": "email",
    "name": "team",
    "target": "team@example.org",
    "environments": "prod，staging",
    "is_enabled": "on",
}


async def erin(tab: NewTab) -> Tab:
    wiring.core().identity.create_user(SYSTEM, NewUser("erin", password_of("erin"), (Grant(Role.ADMINISTRATOR),)))
    opened = tab().sign_in("erin").at("/integrations")
    await opened.call(ChannelsState.load)
    return opened


def kept(stage: PortalStage) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(channel.name, channel.target, channel.environments) for channel in stage.core.channels.all(SYSTEM)]


async def test_a_channel_is_made_changed_and_removed(tab: NewTab, stage: PortalStage) -> None:
    page = await erin(tab)
    await page.call(ChannelsState.add)
    await page.call(ChannelsState.save, {**FORM, "event.mention": "on"})
    assert kept(stage) == [("team", "team@example.org", ("prod", "staging"))]
    number = stage.core.channels.all(SYSTEM)[0].id
    await page.call(ChannelsState.edit, number)
    await page.call(ChannelsState.save, {**FORM, "name": "crew", "kind": "webhook"})
    assert [name for name, _, _ in kept(stage)] == ["crew"]
    await page.call(ChannelsState.ask, number)
    await page.call(ChannelsState.remove, {"typed": "team"})
    assert len(kept(stage)) == 1
    await page.call(ChannelsState.remove, {"typed": "crew"})
    assert kept(stage) == []


@pytest.mark.parametrize("wrong", [{"kind": "pigeon"}, {"target": "nobody"}, {"name": ""}, {"target": 7}])
async def test_what_is_wrong_is_said_in_the_form(tab: NewTab, stage: PortalStage, wrong: dict[str, object]) -> None:
    page = await erin(tab)
    await page.call(ChannelsState.save, {**FORM, **wrong})
    assert (await page.state(ChannelsState)).trouble.zh
    assert kept(stage) == []


async def test_bob_may_not_touch_channels(tab: NewTab, stage: PortalStage) -> None:
    page = await erin(tab)
    await page.call(ChannelsState.save, FORM)
    bob = tab().sign_in("bob").at("/integrations")
    await bob.call(ChannelsState.save, {**FORM, "name": "mine"})
    await bob.call(ChannelsState.ask, 1)
    assert [name for name, _, _ in kept(stage)] == ["team"]
    assert not (await bob.state(ChannelsState)).lines
