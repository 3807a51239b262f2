"""The table of what happens to a portal once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class MilestoneRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "milestone"
    name: str = Field(primary_key=True, max_length=60)
    by: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcTime)
