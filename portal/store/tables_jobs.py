"""The table of jobs: what is particular to an operation that is not a rollout."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class JobRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "job"
    __table_args__ = (
        Index("job_state", "state", "id"),
        Index("job_kind", "kind", "id"),
        Index("job_environment", "environment", "id"),
    )
    id: int = Field(primary_key=True, foreign_key="operation.id", sa_column_kwargs={"autoincrement": False})
    kind: str = Field(max_length=40)
    target: str = Field(max_length=200)
    environment: str = Field(default="", max_length=40)
    document: dict[str, Any] = Field(sa_type=JSON)
    reason: str = ""
    lock: str = ""
    state: str
    step: int = 0
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    memory: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    requested_by: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    error_code: str = ""
    error_params: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    is_unwanted: bool = False
