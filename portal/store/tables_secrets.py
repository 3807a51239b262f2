"""The tables of secrets: their names, their sealed versions, and which version a slot's containers were given."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime
from portal.store.tables import Json


class SecretRow(SQLModel, table=True):
    """`service` empty: of the whole environment."""

    __tablename__: ClassVar[Any] = "secret"
    __table_args__ = (UniqueConstraint("environment", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    environment: str = Field(foreign_key="environment.name", max_length=40)
    name: str = Field(max_length=64)
    service: str = Field(default="", max_length=40)
    form: str
    target: str
    description: str = ""
    rotation: Json = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcTime)
    created_by: str
    told_at: datetime | None = Field(default=None, sa_type=UtcTime)  # when people were last reminded that it is due


class SecretVersionRow(SQLModel, table=True):
    """`sealed` is empty once the version is revoked: the value is gone for good."""

    __tablename__: ClassVar[Any] = "secret_version"
    secret_id: int = Field(primary_key=True, foreign_key="secret.id")
    number: int = Field(primary_key=True)
    state: str
    sealed: str
    size_bytes: int
    origin: str
    created_at: datetime = Field(sa_type=UtcTime)
    created_by: str
    used_since: datetime | None = Field(default=None, sa_type=UtcTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcTime)


class SecretPinRow(SQLModel, table=True):
    """The version of a secret that the containers of a slot were given, and where in them it is."""

    __tablename__: ClassVar[Any] = "secret_pin"
    __table_args__ = (Index("secret_pin_secret", "secret_id"),)
    service: str = Field(primary_key=True, max_length=40)
    environment: str = Field(primary_key=True, max_length=40)
    slot: str = Field(primary_key=True, max_length=10)
    secret_id: int = Field(primary_key=True)
    version: int
    form: str
    target: str


class SecretSlotRow(SQLModel, table=True):
    """A slot whose containers are given secrets. `holder` is the container that keeps their files in memory, named once
    and never again; `life` is the life of it into which the files were put last. One that is retired is taken away.
    """

    __tablename__: ClassVar[Any] = "secret_slot"
    __table_args__ = (Index("secret_slot_place", "service", "environment", "slot"),)
    holder: str = Field(primary_key=True)
    service: str = Field(max_length=40)
    environment: str = Field(max_length=40)
    slot: str = Field(max_length=10)
    image: str
    life: str = ""
    at: datetime = Field(sa_type=UtcTime)
    is_retired: bool = False
