"""The tables of users, their grants, sessions and tokens. Secrets are kept as hashes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class UserRow(SQLModel, table=True):
    """`failures` in a row since the last sign-in that succeeded; until `locked_until` none is tried."""

    __tablename__: ClassVar[Any] = "portal_user"
    name: str = Field(primary_key=True, max_length=64)
    display_name: str = ""
    password_hash: str = ""
    is_disabled: bool = False
    is_password_temporary: bool = False
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcTime)
    created_at: datetime = Field(sa_type=UtcTime)
    signed_in_at: datetime | None = Field(default=None, sa_type=UtcTime)


class GrantRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "user_grant"
    user: str = Field(primary_key=True, foreign_key="portal_user.name")
    role: str = Field(primary_key=True)
    environment: str = Field(primary_key=True)


class SessionRow(SQLModel, table=True):
    """A signed-in browser. `digest` is the SHA-256 of the secret in its cookie."""

    __tablename__: ClassVar[Any] = "user_session"
    digest: str = Field(primary_key=True, max_length=64)
    user: str = Field(foreign_key="portal_user.name", index=True)
    address: str = ""
    created_at: datetime = Field(sa_type=UtcTime)
    seen_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime, index=True)


class TokenRow(SQLModel, table=True):
    """An API token. `digest` is the SHA-256 of its secret; `scopes` narrow what its owner may do; null: all of it."""

    __tablename__: ClassVar[Any] = "api_token"
    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    prefix: str
    name: str
    user: str = Field(foreign_key="portal_user.name", index=True)
    scopes: list[str] | None = Field(default=None, sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcTime)
