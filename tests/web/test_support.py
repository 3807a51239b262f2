"""What readers say about the documentation is listed, can be filtered, and is answered on a page of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.feedback import LONGEST_ANSWER, FeedbackOrder
from portal.domain.identity import NewUser
from portal.web.states.session import SessionState
from portal.web.states.support import SupportState
from tests.stage import CAROL, PortalStage
from tests.web.conftest import Tab, password_of

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


@pytest.fixture
def asked(stage: PortalStage, request: pytest.FixtureRequest) -> str:
    """The address of what Carol said; Erin of the support team may answer."""
    erin = NewUser("erin", password_of("erin"), (Grant(Role.SUPPORT),), is_password_temporary=False)
    stage.core.identity.create_user(SYSTEM, erin)
    said = FeedbackOrder("plans", "zh", is_helpful=False, text="缺少示例 <b>")
    return f"/support/{stage.core.support.give(CAROL, said, source=request.node.name).id}"


async def opened(tab: NewTab, name: str, path: str) -> tuple[Tab, SupportState]:
    one = tab().sign_in(name).at(path)
    await one.open()
    return one, await one.state(SupportState)


async def test_one_feedback_is_shown_whole_with_its_page_and_its_history(tab: NewTab, asked: str) -> None:
    _, state = await opened(tab, "erin", asked)

    card = state.card
    assert (card.text, card.line.document, card.line.author.zh) == ("缺少示例 <b>", "/docs/zh/plans", "carol")
    assert (card.state, card.line.badge.text.zh, card.line.vote.text.zh) == ("new", "新", "没有帮助")
    assert card.can_answer
    assert state.is_open


async def test_the_reader_sees_their_own_and_cannot_answer_it(tab: NewTab, asked: str) -> None:
    carol, state = await opened(tab, "carol", asked)
    assert (state.card.text, state.card.can_answer) == ("缺少示例 <b>", False)

    await carol.call(SupportState.answer, {"answer": "mine"})
    await carol.call(SupportState.close, {})

    _, seen = await opened(tab, "erin", asked)
    assert (seen.card.state, seen.card.answer) == ("new", "")


async def test_what_somebody_else_said_is_not_there_for_those_who_do_not_answer(tab: NewTab, asked: str) -> None:
    for name, path in (("bob", asked), ("erin", "/support/999"), ("erin", "/support/nothing")):
        _, state = await opened(tab, name, path)
        assert state.missing.zh
        assert not state.is_open
        assert state.card.text == ""


async def test_an_answer_is_shown_at_once_and_a_later_one_takes_its_place(tab: NewTab, asked: str) -> None:
    erin, _ = await opened(tab, "erin", asked)
    for text in ("See the page about plans.", "There is an example now."):
        await erin.call(SupportState.answer, {"answer": text})
        state = await erin.state(SupportState)
        assert (state.card.answer, state.card.answered_by, state.card.state) == (text, "erin", "answered")
        assert (await erin.state(SessionState)).notice.tone == "ok"

    _, seen = await opened(tab, "carol", asked)
    assert seen.card.answer == "There is an example now."


@pytest.mark.parametrize("answer", ["", "   ", "x" * (LONGEST_ANSWER + 1), None])
async def test_an_answer_that_says_nothing_or_too_much_is_told_beside_the_field(
    tab: NewTab, asked: str, answer: str | None
) -> None:
    erin, _ = await opened(tab, "erin", asked)
    await erin.call(SupportState.answer, {"answer": answer})

    state = await erin.state(SupportState)
    assert state.objection.zh
    assert (state.card.answer, state.card.state) == ("", "new")


async def test_feedback_is_closed_and_opened_again_with_a_reason(tab: NewTab, stage: PortalStage, asked: str) -> None:
    erin, _ = await opened(tab, "erin", asked)
    for handler, after in ((SupportState.close, "closed"), (SupportState.reopen, "new")):
        await erin.call(handler, {"reason": f"because {after}"})
        assert (await erin.state(SupportState)).card.state == after

    told = stage.core.audit.page(SYSTEM, AuditQuery(target_kind="feedback")).items
    assert [(entry.action, entry.reason) for entry in told[:2]] == [
        ("feedback.reopened", "because new"),
        ("feedback.closed", "because closed"),
    ]


async def test_what_is_so_already_is_said_and_changes_nothing(tab: NewTab, stage: PortalStage, asked: str) -> None:
    erin, _ = await opened(tab, "erin", asked)
    stage.core.support.close(SYSTEM, int(asked.rpartition("/")[2]))

    await erin.call(SupportState.close, {"reason": "twice"})

    assert (await erin.state(SupportState)).objection.zh
