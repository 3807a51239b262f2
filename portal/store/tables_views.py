"""The table of saved views of lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class SavedViewRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "saved_view"
    __table_args__ = (UniqueConstraint("noun", "owner", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    noun: str = Field(max_length=40)
    owner: str = Field(max_length=64)
    name: str = Field(max_length=60)
    query: str
    is_shared: bool = False
    created_at: datetime = Field(sa_type=UtcTime)
