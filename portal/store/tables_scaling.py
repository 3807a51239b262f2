"""The tables of what was set for services in environments: number, bounds, policy, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime

Json = dict[str, Any]


class ScaleRow(SQLModel, table=True):
    """What is NULL is as environment and service say."""

    __tablename__: ClassVar[Any] = "scale"
    service: str = Field(primary_key=True, max_length=40)
    environment: str = Field(primary_key=True, max_length=40)
    replicas: int | None = None
    cpu_cores: float | None = None
    memory_bytes: int | None = Field(default=None, sa_type=BigInteger)
    policy: Json = Field(default_factory=dict, sa_type=JSON)
    acted_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ScaleEntryRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "scale_entry"
    __table_args__ = (Index("scale_entry_order", "service", "environment", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    service: str = Field(max_length=40)
    environment: str = Field(max_length=40)
    at: datetime = Field(sa_type=UtcTime)
    by: str
    verb: str
    replicas: int
    wanted: int
    code: str
    params: Json = Field(default_factory=dict, sa_type=JSON)
    reason: str = ""
    job_id: int | None = None
