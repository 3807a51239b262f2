"""The bell: what concerns this person, read by them alone, and how they like to be told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.domain.notification import NotificationEvent, Way
from portal.web.states import live
from portal.web.states.bell import BellState
from portal.web.words import Trouble, has_words
from tests.stage import CAROL, PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


@pytest.fixture(autouse=True)
def looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live loops look once each: a tab without a socket counts as seen for that."""

    async def never(_: str) -> bool:
        return False

    monkeypatch.setattr(live, "is_connected", never)


async def test_what_concerns_carol_is_listed_and_read_by_her_alone(tab: NewTab, stage: PortalStage) -> None:
    stage.start("1.1.0", reason="@carol please look")
    carol, bob = (tab().sign_in(name).at("/notifications") for name in ("carol", "bob"))
    await carol.open()
    await bob.open()
    line = (await carol.state(BellState)).all_rows[0]
    assert "bob" in line.text.en
    assert "please look" in line.text.zh
    await bob.call(BellState.read, line.id)
    assert stage.core.notifications.unread(CAROL) == 1
    await carol.call(BellState.read, line.id)
    assert stage.core.notifications.unread(CAROL) == 0
    assert (await carol.state(BellState)).all_rows[0].is_read


async def test_the_form_says_which_event_comes_by_which_way(tab: NewTab, stage: PortalStage) -> None:
    carol = tab().sign_in("carol").at("/notifications")
    await carol.open()
    await carol.call(BellState.save, {"address": "nonsense"})
    told = (await carol.state(BellState)).trouble
    assert isinstance(told, Trouble)
    assert (bool(told.zh), told.code) == (True, "address_bad"), "the form leads to what the documentation says about it"
    await carol.call(BellState.save, {"address": "c@example.org", "mention.email": "on", "mention.bell": "on"})
    kept = stage.core.notifications.preferences(CAROL)
    assert kept.ways[NotificationEvent.MENTION] == {Way.BELL, Way.EMAIL}
    assert kept.ways[NotificationEvent.ROLLOUT_STOPPED] == frozenset()


def test_every_event_has_words_for_people_and_for_channels() -> None:
    wanted = [
        f"{of}.{event}"
        for event in NotificationEvent
        for of in ("notification", "notifications.event", "channel_event")
    ]
    assert [key for key in wanted if not has_words(key)] == []
