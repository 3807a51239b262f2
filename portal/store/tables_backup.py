"""The tables of backups, and of what came of restoring them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class BackupRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "backup"
    __table_args__ = (Index("backup_order", "kind", "target", "at"), Index("backup_environment", "environment", "at"))
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=20)
    target: str = Field(max_length=200)
    environment: str = Field(default="", max_length=40)
    folder: str = Field(max_length=500)
    at: datetime = Field(sa_type=UtcTime)
    size_bytes: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=10)
    seconds: float = 0.0
    checked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    error: str = ""
    document: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class RecoveryRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "recovery"
    __table_args__ = (
        Index("recovery_order", "kind", "target", "at"),
        Index("recovery_environment", "environment", "at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=20)
    target: str = Field(max_length=200)
    environment: str = Field(default="", max_length=40)
    at: datetime = Field(sa_type=UtcTime)
    is_good: bool
    rto_seconds: float = 0.0
    rpo_seconds: float | None = None
    error: str = ""
    requested_by: str = Field(default="", max_length=64)
    document: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
