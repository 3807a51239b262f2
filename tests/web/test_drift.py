"""Drift on its page: what differs, how environments stand, and leaving something alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from portal.domain.container import Limits
from portal.web.states import drift, live
from portal.web.states.drift import DriftState
from tests.stage import PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


@pytest.fixture(autouse=True)
def looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def once(*_: object, **__: object) -> AsyncIterator[None]:
        yield None

    async def seen(_: str) -> bool:
        return False

    monkeypatch.setattr(drift, "beats", once)
    monkeypatch.setattr(live, "is_connected", seen)


async def test_what_differs_is_shown_in_words_with_what_may_be_done(tab: NewTab, stage: PortalStage) -> None:
    stage.world.tamper(stage.containers.list()[0].name, limits=Limits(memory_bytes=536_870_912))
    stage.core.keeper.look()
    dave = tab().sign_in("dave").at("/drift", environment="prod")
    await dave.open()
    state = await dave.state(DriftState)
    (row,) = state.rows
    assert row.text.en == "Memory limit: 512 MiB instead of 256 MiB"
    assert (row.can_repair, row.can_ignore) == (True, True)
    prod = next(card for card in state.cards if card.name == "prod")
    assert prod.badge.text.en == "1 thing differs"
