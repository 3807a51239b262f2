"""What readers say about the documentation is listed and can be filtered."""

from __future__ import annotations

from collections.abc import Callable

from portal.domain.feedback import FeedbackOrder
from portal.web.states.support import SupportState
from tests.stage import CAROL, PortalStage
from tests.web.conftest import Tab

NewTab = Callable[[], Tab]


async def test_feedback_is_listed_and_filtered_by_whether_the_page_helped(tab: NewTab, stage: PortalStage) -> None:
    stage.core.support.give(CAROL, FeedbackOrder("plans", "en", is_helpful=False, text="what is bake?"), source="here")
    carol = tab().sign_in("carol").at("/support")
    await carol.open()
    state = await carol.state(SupportState)
    assert state.is_loaded
    assert [row.page for row in state.rows] == ["plans"]

    carol.at("/support", helpful="yes")
    await carol.open()
    assert (await carol.state(SupportState)).rows == []
