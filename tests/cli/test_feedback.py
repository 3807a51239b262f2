"""Feedback on the documentation from a terminal: who supports answers it, Bob is told."""

from __future__ import annotations

import pytest

from portal.domain.feedback import FeedbackOrder
from tests.cli.conftest import Portal
from tests.stage import BOB, PortalStage

pytestmark = pytest.mark.req("REQ-P3-013")


def test_an_administrator_answers_what_bob_said_and_bob_is_told(stage: PortalStage, portal: Portal) -> None:
    number = str(stage.core.support.give(BOB, FeedbackOrder("plans", "en", False, "no example"), source="b").id)
    assert "no example" in portal("feedback", "list", "--state", "new", by="erin").out
    assert portal("feedback", "answer", number, "mine", by="bob").code == 3
    answered = portal("feedback", "answer", number, "there is one now", by="erin")
    assert (answered.code, answered.err) == (0, "")
    assert "there is one now" in portal("feedback", "show", number, by="bob").out
    assert portal("feedback", "show", number, by="alice").code == 4
    assert "plans" in portal("notification", "list", "--unread", by="bob").out
    assert portal("feedback", "close", number, "--reason", "done", by="erin").code == 0
    assert portal("feedback", "close", number, by="erin").code == 5
    assert portal("feedback", "list", "--state", "new", "--json", by="erin").json == []
