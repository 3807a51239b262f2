"""The tables of settings: versions of their layers, and snapshots of what containers were given."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime

Json = dict[str, Any]


class ConfigurationVersionRow(SQLModel, table=True):
    """`document`: changes, the whole layer, decisions."""

    __tablename__: ClassVar[Any] = "configuration_version"
    __table_args__ = (
        Index("configuration_version_scope", "scope", "state", "number"),
        Index("configuration_version_state", "state", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    scope: str = Field(max_length=120)
    number: int = 0
    state: str = Field(max_length=20)
    author: str
    reason: str
    at: datetime = Field(sa_type=UtcTime)
    origin: str = ""
    needed: int = 0
    is_at_once: bool = True
    document: Json = Field(sa_type=JSON)


class ConfigurationSnapshotRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "configuration_snapshot"
    __table_args__ = (UniqueConstraint("service", "environment", "digest"),)
    id: int | None = Field(default=None, primary_key=True)
    service: str
    environment: str
    digest: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcTime)
    document: Json = Field(sa_type=JSON)
