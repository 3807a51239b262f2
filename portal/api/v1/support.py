"""REST: feedback on the documentation, and answering it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import (
    Document,
    IdempotencyKey,
    NameFilter,
    Order,
    PageDocument,
    Pages,
    Paging,
    Reason,
    Search,
    Sort,
)
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.feedback import LONGEST_ANSWER, LONGEST_TEXT, FeedbackOrder, FeedbackQuery
from portal.wiring import core

router = APIRouter(tags=["support"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Answerer = Annotated[Actor, permitted(Permission.SUPPORT_ANSWER)]


class FeedbackFilter(Paging):
    state: Literal["", "new", "answered", "closed"] = ""
    page: NameFilter = ""
    language: Literal["", "zh", "en"] = ""
    helpful: Literal["", "yes", "no"] = ""
    text: Search = ""
    sort: Sort = "-created"


Filter = Annotated[FeedbackFilter, Query()]


class FeedbackGiven(Order):
    """Whether a page of the documentation helped."""

    page: str = Field(max_length=60, description="The last part of its address.")
    language: Literal["zh", "en"]
    is_helpful: bool
    text: str = Field(default="", max_length=LONGEST_TEXT)


class FeedbackAnswer(Order):
    """What whoever asked is told."""

    answer: str = Field(min_length=1, max_length=LONGEST_ANSWER)


class FeedbackDocument(Document):
    """What somebody said about a page of the documentation. `author` is empty for somebody who was not signed in."""

    id: int
    page: str
    language: str
    is_helpful: bool
    text: str
    author: str
    created_at: datetime
    state: str = Field(description="new, answered or closed.")
    answer: str
    answered_by: str
    answered_at: datetime | None


@router.get("/feedback")
def list_feedback(
    actor: Viewer, wanted: Annotated[FeedbackFilter, Query()], pages: Pages
) -> PageDocument[FeedbackDocument]:
    """Everybody's for those who answer, your own for the rest."""
    return pages.show(core().support.page(actor, FeedbackQuery(**wanted.model_dump())), FeedbackDocument)


@router.get("/feedback/{feedback_id}")
def show_feedback(actor: Viewer, feedback_id: int) -> FeedbackDocument:
    return FeedbackDocument.of(core().support.feedback(actor, feedback_id))


@router.post("/feedback", status_code=201)
def give_feedback(actor: Viewer, order: FeedbackGiven, key: IdempotencyKey = "") -> FeedbackDocument:
    def give() -> FeedbackDocument:
        return FeedbackDocument.of(core().support.give(actor, FeedbackOrder(**order.model_dump()), source=actor.human))

    return once(actor, Repeatable(key, "feedback.give", order, FeedbackDocument), give)


@router.put("/feedback/{feedback_id}/answer")
def answer_feedback(actor: Answerer, feedback_id: int, order: FeedbackAnswer) -> FeedbackDocument:
    """A later answer takes the place of the former."""
    return FeedbackDocument.of(core().support.answer(actor, feedback_id, text=order.answer))


@router.put("/feedback/{feedback_id}/closed")
def close_feedback(actor: Answerer, feedback_id: int, reason: Reason = "") -> FeedbackDocument:
    return FeedbackDocument.of(core().support.close(actor, feedback_id, reason=reason))


@router.delete("/feedback/{feedback_id}/closed")
def reopen_feedback(actor: Answerer, feedback_id: int, reason: Reason = "") -> FeedbackDocument:
    return FeedbackDocument.of(core().support.reopen(actor, feedback_id, reason=reason))
