"""Feedback on the documentation: anybody gives it, within bounds; Carol answers it; everything is in the trail."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.domain.access import ANONYMOUS, SYSTEM, Actor, Grant, Role
from portal.domain.audit import AuditQuery
from portal.domain.errors import PortalError
from portal.domain.feedback import FeedbackOrder, FeedbackQuery, FeedbackState
from portal.domain.identity import NewUser
from portal.kit.allowance import Allowance
from portal.services import support as services
from portal.services.support import Allowances, Support
from tests.stage import ALICE, BOB, PortalStage

pytestmark = pytest.mark.req("REQ-P3-013")
SUPPORTER = Actor("carol", grants=(Grant(Role.SUPPORT),))
SAID = FeedbackOrder("plans", "zh", False, " 缺少示例 <script>alert(1)</script> ")


@pytest.fixture
def stage(tmp_path: Path) -> PortalStage:
    return PortalStage(tmp_path)


@pytest.fixture
def support(stage: PortalStage) -> Support:
    core = stage.core
    return Support(core.database, core.clock, core.audit, Allowances(Allowance(4, 3600), Allowance(6, 3600)))


def code(act: object, *arguments: object, **named: object) -> str:
    assert callable(act)
    with pytest.raises(PortalError) as refused:
        act(*arguments, **named)
    return refused.value.code


def test_what_a_reader_says_is_answered_and_closed_and_both_can_see_it(stage: PortalStage, support: Support):
    stage.core.identity.create_user(SYSTEM, NewUser("bob", "a long walk on the beach", (Grant(Role.DEVELOPER),)))
    given = support.give(BOB, SAID, source="bob")
    assert (given.state, given.author, given.text) == (FeedbackState.NEW, "bob", SAID.text.strip())
    assert support.waiting(SUPPORTER) == 1
    support.answer(SUPPORTER, given.id, text=" 已补充 ")
    seen = support.feedback(BOB, given.id)
    assert (seen.state, seen.answer, seen.answered_by) == (FeedbackState.ANSWERED, "已补充", "carol")
    told = stage.core.notifications.page(BOB).items
    assert [(one.event, one.href) for one in told] == [("feedback_answered", f"/support/{given.id}")]
    support.close(SUPPORTER, given.id, reason="done")
    assert code(support.close, SUPPORTER, given.id) == "feedback_is_so"
    support.reopen(SUPPORTER, given.id)
    trail = stage.core.audit.page(SYSTEM, AuditQuery(target_kind="feedback")).items
    assert [entry.action for entry in trail] == [
        "feedback.reopened",
        "feedback.closed",
        "feedback.answered",
        "feedback.given",
    ]


def test_a_visitor_may_speak_and_a_vote_without_words_waits_for_nobody(support: Support):
    given = support.give(ANONYMOUS, FeedbackOrder("index", "en", True), source="192.0.2.1")
    assert (given.state, given.author) == (FeedbackState.CLOSED, "")
    assert support.waiting(SUPPORTER) == 0


def test_people_see_their_own_and_those_who_answer_see_all(support: Support):
    first = support.give(BOB, SAID, source="bob")
    support.give(ANONYMOUS, FeedbackOrder("rest", "en", True, "clear"), source="192.0.2.1")
    assert [f.id for f in support.page(BOB, FeedbackQuery()).items] == [first.id]
    assert support.page(ALICE, FeedbackQuery()).total == 0
    assert code(support.feedback, ALICE, first.id) == "feedback_missing"
    assert support.page(SUPPORTER, FeedbackQuery()).total == 2
    for query in (FeedbackQuery(language="zh"), FeedbackQuery(helpful="no"), FeedbackQuery(text="示例 plans")):
        assert [f.id for f in support.page(SUPPORTER, query).items] == [first.id]
    assert [f.page for f in support.page(SUPPORTER, FeedbackQuery(sort="-page")).items] == ["rest", "plans"]
    assert code(support.page, SUPPORTER, FeedbackQuery(sort="text")) == "sort_bad"


def test_nobody_answers_without_the_permission(support: Support):
    given = support.give(BOB, SAID, source="bob")
    for act in (support.close, support.reopen):
        assert code(act, ALICE, given.id) == "not_allowed"
    assert code(support.answer, BOB, given.id, text="mine") == "not_allowed"
    in_one_place = Actor("carol", grants=(Grant(Role.SUPPORT, "dev"),))
    assert code(support.answer, in_one_place, given.id, text="mine") == "not_allowed"
    assert code(support.answer, SUPPORTER, given.id, text="  ") == "feedback_answer_missing"
    assert code(support.answer, SUPPORTER, 99, text="x") == "feedback_missing"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (FeedbackOrder("../etc", "zh", True), "feedback_page_bad"),
        (FeedbackOrder("plans", "fr", True), "feedback_page_bad"),
        (FeedbackOrder("plans", "zh", True, "x" * 2001), "feedback_too_long"),
    ],
)
def test_what_cannot_be_kept_is_refused(support: Support, order: FeedbackOrder, expected: str):
    assert code(support.give, BOB, order, source="bob") == expected


def test_one_source_and_everybody_together_are_bounded(support: Support):
    for _ in range(4):
        support.give(ANONYMOUS, SAID, source="192.0.2.1")
    assert code(support.give, ANONYMOUS, SAID, source="192.0.2.1") == "feedback_too_often"
    for number in range(2):
        support.give(ANONYMOUS, SAID, source=f"192.0.2.{number + 2}")
    assert code(support.give, ANONYMOUS, SAID, source="192.0.2.9") == "feedback_too_often"


def test_the_table_is_bounded(stage: PortalStage, monkeypatch: pytest.MonkeyPatch):
    core = stage.core
    monkeypatch.setattr(services, "MOST_NEW", 1)
    monkeypatch.setattr(services, "MOST_KEPT", 3)
    support = Support(core.database, core.clock, core.audit, Allowances(Allowance(99, 60), Allowance(99, 60)))
    support.give(BOB, SAID, source="bob")
    assert code(support.give, BOB, SAID, source="bob") == "feedback_full"
    for _ in range(5):
        support.give(BOB, FeedbackOrder("plans", "zh", True), source="bob")
    assert support.page(SUPPORTER, FeedbackQuery()).total <= 3
    assert support.page(SUPPORTER, FeedbackQuery(state="new")).total == 1
