"""The tables of drift and healing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class DriftFindingRow(SQLModel, table=True):
    """`open_key` is what the finding is about while it is open, and unique: one open finding a field."""

    __tablename__: ClassVar[Any] = "drift_finding"
    __table_args__ = (Index("drift_finding_ended", "ended_at"),)
    id: int | None = Field(default=None, primary_key=True)
    open_key: str | None = Field(default=None, unique=True)
    subject: str
    name: str
    environment: str
    service: str
    field: str
    desired: str
    actual: str
    origin: str
    first_seen: datetime = Field(sa_type=UtcTime)
    last_seen: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ending: str | None = None
    ended_by: str = ""


class DriftRuleRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "drift_rule"
    id: int | None = Field(default=None, primary_key=True)
    environment: str
    service: str
    field: str
    reason: str
    by: str
    at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)


class DriftLookRow(SQLModel, table=True):
    """When an environment was looked at last, and how much was compared."""

    __tablename__: ClassVar[Any] = "drift_look"
    environment: str = Field(primary_key=True)
    points: int
    at: datetime = Field(sa_type=UtcTime)


class HealingModeRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "healing_mode"
    environment: str = Field(primary_key=True)
    mode: str
    by: str
    reason: str
    at: datetime = Field(sa_type=UtcTime)


class HealingCaseRow(SQLModel, table=True):
    """A container that came to harm, by its name, until it has been well for a while."""

    __tablename__: ClassVar[Any] = "healing_case"
    name: str = Field(primary_key=True)
    service: str
    environment: str
    version: str
    ailment: str
    began_at: datetime = Field(sa_type=UtcTime)
    noticed_at: datetime = Field(sa_type=UtcTime)
    next_at: datetime = Field(sa_type=UtcTime)
    attempts: int = 0
    healed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    called_at: datetime | None = Field(default=None, sa_type=UtcTime)
    error: str = ""
