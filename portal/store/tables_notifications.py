"""The tables of notifications: who is told what, how they like it, channels, and messages on their way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime
from portal.store.tables import Json


class NotificationRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "notification"
    __table_args__ = (Index("notification_order", "user", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    user: str = Field(max_length=64)
    event: str
    params: Json = Field(default_factory=dict, sa_type=JSON)
    href: str = ""
    environment: str = ""
    at: datetime = Field(sa_type=UtcTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcTime)


class NotificationPreferenceRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "notification_preference"
    user: str = Field(primary_key=True, max_length=64)
    address: str = ""
    ways: Json = Field(default_factory=dict, sa_type=JSON)


class ChannelRow(SQLModel, table=True):
    """`sealed` is the secret that signs webhooks, sealed by the portal's master key."""

    __tablename__: ClassVar[Any] = "notification_channel"
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    name: str = Field(unique=True, max_length=60)
    target: str
    sealed: str = ""
    events: list[str] = Field(default_factory=list, sa_type=JSON)
    environments: list[str] = Field(default_factory=list, sa_type=JSON)
    is_enabled: bool = True
    created_by: str = ""
    created_at: datetime = Field(sa_type=UtcTime)


class OutboxRow(SQLModel, table=True):
    """`lane` keeps messages to one receiver in order; until `claimed_until` somebody is sending it."""

    __tablename__: ClassVar[Any] = "outbox"
    __table_args__ = (Index("outbox_order", "status", "lane", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    lane: str
    kind: str
    channel_id: int | None = None
    target: str
    event: str
    document: Json = Field(default_factory=dict, sa_type=JSON)
    status: str = "pending"
    attempts: int = 0
    error: str = ""
    claimed_until: float = 0.0
    created_at: datetime = Field(sa_type=UtcTime)
    due_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
