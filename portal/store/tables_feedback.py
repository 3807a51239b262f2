"""The table of what readers say about the documentation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class FeedbackRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "feedback"
    __table_args__ = (Index("feedback_state", "state", "id"), Index("feedback_author", "author", "id"))
    id: int | None = Field(default=None, primary_key=True)
    page: str = Field(max_length=60)
    language: str = Field(max_length=2)
    is_helpful: bool
    text: str
    author: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcTime)
    state: str
    answer: str = ""
    answered_by: str = Field(default="", max_length=64)
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
