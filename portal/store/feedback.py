"""What readers say about the documentation: kept, found, counted, and the oldest closed ones forgotten."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from portal.domain.errors import NotFound
from portal.domain.feedback import FEEDBACK_SORTS, Feedback, FeedbackQuery, FeedbackState
from portal.domain.lists import check_sort
from portal.domain.page import Page, bounded
from portal.store.matching import contains, words_of
from portal.store.tables_feedback import FeedbackRow

SLICE = 100
_FIELDS = tuple(name for name in Feedback.__slots__ if name not in ("id", "state"))


def add(session: Session, feedback: Feedback) -> Feedback:
    """As it is, with the number that it gets."""
    row = FeedbackRow(state=feedback.state, **{name: getattr(feedback, name) for name in _FIELDS})
    session.add(row)
    session.flush()
    return _feedback(row)


def get(session: Session, number: int) -> Feedback:
    """NotFound("feedback_missing")."""
    return _feedback(_row(session, number))


def change(session: Session, feedback: Feedback) -> None:
    """State and answer become those given. NotFound("feedback_missing")."""
    row = _row(session, feedback.id)
    row.state = feedback.state
    row.answer, row.answered_by, row.answered_at = feedback.answer, feedback.answered_by, feedback.answered_at
    session.add(row)


def page(session: Session, query: FeedbackQuery, *, author: str | None = None) -> Page[Feedback]:
    """In the order of the query; of one author, or of all. Invalid("sort_bad")."""
    offset, limit = bounded(query.offset, query.limit)
    fits = _conditions(session, query)
    if author is not None:
        fits.append(col(FeedbackRow.author) == author)
    total = session.exec(select(func.count()).select_from(FeedbackRow).where(*fits)).one()
    sort = check_sort(query.sort, FEEDBACK_SORTS)
    key = col(FeedbackRow.page) if sort.endswith("page") else col(FeedbackRow.id)
    order = (key.desc() if sort.startswith("-") else key.asc(), col(FeedbackRow.id).desc())
    rows = session.exec(select(FeedbackRow).where(*fits).order_by(*order).offset(offset).limit(limit))
    return Page(tuple(_feedback(row) for row in rows), total, offset, limit)


def count(session: Session, state: FeedbackState | None = None) -> int:
    wanted = select(func.count()).select_from(FeedbackRow)
    return session.exec(wanted if state is None else wanted.where(FeedbackRow.state == state)).one()


def forget_closed(session: Session) -> None:
    """A slice of those that have been closed the longest."""
    closed = select(FeedbackRow).where(FeedbackRow.state == FeedbackState.CLOSED)
    for row in session.exec(closed.order_by(col(FeedbackRow.id)).limit(SLICE)).all():
        session.delete(row)


def _conditions(session: Session, query: FeedbackQuery) -> list[ColumnElement[bool]]:
    wanted = {FeedbackRow.state: query.state, FeedbackRow.page: query.page, FeedbackRow.language: query.language}
    fits = [col(column) == value for column, value in wanted.items() if value]
    if query.helpful:
        fits.append(col(FeedbackRow.is_helpful).is_(query.helpful == "yes"))
    looked_in = (FeedbackRow.page, FeedbackRow.text, FeedbackRow.author, FeedbackRow.answer)
    return fits + [or_(*(contains(session, column, word) for column in looked_in)) for word in words_of(query.text)]


def _row(session: Session, number: int) -> FeedbackRow:
    row = session.get(FeedbackRow, number)
    if row is None:
        raise NotFound("feedback_missing", number=number)
    return row


def _feedback(row: FeedbackRow) -> Feedback:
    assert row.id is not None
    return Feedback(id=row.id, state=FeedbackState(row.state), **{name: getattr(row, name) for name in _FIELDS})
