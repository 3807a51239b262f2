"""What the support pages show of feedback."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.feedback import Feedback, FeedbackState
from portal.web.navigation import DOCUMENTS
from portal.web.presenters.marks import IDLE, OK, WAIT, WARN, Badge
from portal.web.words import Words, same, words

LONGEST_SHOWN = 160
_STATES: dict[FeedbackState, tuple[str, str]] = {
    FeedbackState.NEW: (WAIT, "circle"),
    FeedbackState.ANSWERED: (OK, "check"),
    FeedbackState.CLOSED: (IDLE, "x"),
}


@dataclass(frozen=True, slots=True)
class FeedbackLine:
    """`text` is cut for a list; `document` leads to the page that it is about, in its language."""

    id: str = ""
    href: str = ""
    page: str = ""
    document: str = ""
    language: Words = Words()
    text: str = ""
    author: Words = Words()
    created_at: float = 0.0
    badge: Badge = Badge()
    vote: Badge = Badge()


@dataclass(frozen=True, slots=True)
class FeedbackCard:
    """One feedback as a whole; `can_answer`: the reader may answer, close and reopen it."""

    line: FeedbackLine = FeedbackLine()
    text: str = ""
    answer: str = ""
    answered_by: str = ""
    answered_at: float = 0.0
    state: str = ""
    can_answer: bool = False


def feedback_line(feedback: Feedback) -> FeedbackLine:
    tone, icon = _STATES[feedback.state]
    text = feedback.text[:LONGEST_SHOWN] + ("…" if len(feedback.text) > LONGEST_SHOWN else "")
    return FeedbackLine(
        id=str(feedback.id),
        href=f"/support/{feedback.id}",
        page=feedback.page,
        document=f"{DOCUMENTS}/{feedback.language}/{feedback.page}",
        language=words(f"language.{feedback.language}"),
        text=text,
        author=same(feedback.author) if feedback.author else words("support.visitor"),
        created_at=feedback.created_at.timestamp(),
        badge=Badge(tone, icon, words(f"feedback_state.{feedback.state}")),
        vote=_vote(feedback),
    )


def _vote(feedback: Feedback) -> Badge:
    if feedback.is_helpful:
        return Badge(OK, "check", words("support.helpful_yes"))
    return Badge(WARN, "triangle-alert", words("support.helpful_no"))


def feedback_card(feedback: Feedback, *, can_answer: bool) -> FeedbackCard:
    return FeedbackCard(
        line=feedback_line(feedback),
        text=feedback.text,
        answer=feedback.answer,
        answered_by=feedback.answered_by,
        answered_at=feedback.answered_at.timestamp() if feedback.answered_at else 0.0,
        state=str(feedback.state),
        can_answer=can_answer,
    )
