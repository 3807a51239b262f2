"""The tables of stores of data, of copies between them, and of where data came from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime

Json = dict[str, Any]


class DataStoreRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "data_store"
    environment: str = Field(primary_key=True, max_length=40)
    name: str = Field(primary_key=True, max_length=40)
    document: Json = Field(sa_type=JSON)
    sealed_password: str = ""


class DataCopyRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "data_copy"
    __table_args__ = (
        Index("data_copy_source", "source_environment", "id"),
        Index("data_copy_target", "target_environment", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    source_environment: str = Field(max_length=40)
    source_name: str = Field(max_length=40)
    target_environment: str = Field(max_length=40)
    target_name: str = Field(max_length=40)
    requested_by: str
    reason: str
    created_at: datetime = Field(sa_type=UtcTime)
    state: str
    needed: int = 0
    approvals: list[Any] = Field(default_factory=list, sa_type=JSON)
    job_id: int | None = None
    result: Json = Field(default_factory=dict, sa_type=JSON)


class TaintRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "data_taint"
    environment: str = Field(primary_key=True, max_length=40)
    name: str = Field(primary_key=True, max_length=40)
    origin: str
    is_masked: bool = False
    copy_id: int
    at: datetime = Field(sa_type=UtcTime)
    volume: str = ""
