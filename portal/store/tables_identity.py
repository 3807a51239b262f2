"""The tables of users, grants, sessions, invitations and tokens. Secrets are kept as hashes, or sealed where the portal
itself needs them again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime


class UserRow(SQLModel, table=True):
    """`failures` in a row since the last sign-in that succeeded; until `locked_until` none is tried.

    `totp_secret` is sealed; `totp_step` is the last step of which a code was taken. Empty preferences: the browser's.
    """

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
    language: str = ""
    theme: str = ""
    zone: str = ""
    totp_secret: str = ""
    totp_step: int = 0
    totp_since: datetime | None = Field(default=None, sa_type=UtcTime)


class GrantRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "user_grant"
    user: str = Field(primary_key=True, foreign_key="portal_user.name")
    role: str = Field(primary_key=True)
    environment: str = Field(primary_key=True)


class SessionRow(SQLModel, table=True):
    """A signed-in browser. `digest` is the SHA-256 of the secret in its cookie, `way` how its person came in."""

    __tablename__: ClassVar[Any] = "user_session"
    digest: str = Field(primary_key=True, max_length=64)
    user: str = Field(foreign_key="portal_user.name", index=True)
    address: str = ""
    created_at: datetime = Field(sa_type=UtcTime)
    seen_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime, index=True)
    agent: str = ""
    way: str = "password"
    proved_at: datetime | None = Field(default=None, sa_type=UtcTime)


class SignInStepRow(SQLModel, table=True):
    """A sign-in that is not finished: it waits for the second factor, or for the answer of another provider."""

    __tablename__: ClassVar[Any] = "sign_in_step"
    digest: str = Field(primary_key=True, max_length=64)
    kind: str
    user: str = ""
    document: dict[str, str] = Field(sa_type=JSON)
    tries: int = 0
    expires_at: datetime = Field(sa_type=UtcTime, index=True)


class InvitationRow(SQLModel, table=True):
    """A link by which a person sets their own password, once. `kind` is invitation or reset."""

    __tablename__: ClassVar[Any] = "invitation"
    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    user: str = Field(foreign_key="portal_user.name", index=True)
    kind: str
    created_by: str
    created_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)


class RecoveryCodeRow(SQLModel, table=True):
    """A code that stands in for a lost second factor, once."""

    __tablename__: ClassVar[Any] = "recovery_code"
    digest: str = Field(primary_key=True, max_length=64)
    user: str = Field(foreign_key="portal_user.name", index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ExternalIdentityRow(SQLModel, table=True):
    """Who a person is at another provider: its issuer and its subject, which never change, unlike an e-mail address."""

    __tablename__: ClassVar[Any] = "external_identity"
    issuer: str = Field(primary_key=True, max_length=300)
    subject: str = Field(primary_key=True, max_length=255)
    user: str = Field(foreign_key="portal_user.name", index=True)
    label: str = ""
    linked_at: datetime = Field(sa_type=UtcTime)


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
