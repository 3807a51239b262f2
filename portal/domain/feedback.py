"""What readers say about a page of the documentation, and what becomes of it: new, answered, closed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.domain.errors import Invalid

LONGEST_TEXT, LONGEST_ANSWER = 2000, 4000
LANGUAGES = ("en", "zh")
FEEDBACK_SORTS = ("-created", "created", "page", "-page")
_PAGE = re.compile(r"[a-z0-9-]{1,60}", re.ASCII)


class FeedbackState(StrEnum):
    NEW = "new"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class FeedbackOrder:
    """Whether a page in a language helped, and what the reader wants to say about it."""

    page: str
    language: str
    is_helpful: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """`author` is empty for somebody who was not signed in. Without a text there is nothing to answer: it is closed."""

    id: int
    page: str
    language: str
    is_helpful: bool
    text: str
    author: str
    created_at: datetime
    state: FeedbackState = FeedbackState.NEW
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeedbackQuery:
    """`state` and `language` are those of one kind, `helpful` is yes or no; empty asks for all. `text` is in page,
    text, author or answer. `sort` is one of FEEDBACK_SORTS.
    """

    state: str = ""
    page: str = ""
    language: str = ""
    helpful: str = ""
    text: str = ""
    sort: str = "-created"
    offset: int = 0
    limit: int = 50


def check_feedback(order: FeedbackOrder) -> FeedbackOrder:
    """With the text trimmed. Invalid("feedback_page_bad") or Invalid("feedback_too_long")."""
    if not _PAGE.fullmatch(order.page) or order.language not in LANGUAGES:
        raise Invalid("feedback_page_bad", field="page")
    return FeedbackOrder(order.page, order.language, order.is_helpful, _bounded(order.text, LONGEST_TEXT))


def check_answer(text: str) -> str:
    """Trimmed. Invalid("feedback_answer_missing") or Invalid("feedback_too_long")."""
    answer = _bounded(text, LONGEST_ANSWER)
    if not answer:
        raise Invalid("feedback_answer_missing", field="answer")
    return answer


def _bounded(text: str, longest: int) -> str:
    kept = text.replace("\x00", "").strip()
    if len(kept) > longest:
        raise Invalid("feedback_too_long", field="text", limit=longest)
    return kept
