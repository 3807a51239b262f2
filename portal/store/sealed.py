"""Everything in the database that the master key seals, found whichever table it is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from portal.domain.data_store import about_store
from portal.domain.secret import about
from portal.store.database import changed_rows
from portal.store.tables_copies import DataStoreRow
from portal.store.tables_identity import UserRow
from portal.store.tables_notifications import ChannelRow
from portal.store.tables_secrets import SecretRow, SecretVersionRow

_COLUMNS: tuple[Any, ...] = (
    UserRow.totp_secret,
    ChannelRow.sealed,
    SecretVersionRow.sealed,
    DataStoreRow.sealed_password,
)
"""A table that gets a sealed column gets a line here and a branch below."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed text, what it is about, and the conditions by which its row is found."""

    column: Any
    where: tuple[Any, ...]
    text: str
    about: str


def count(session: Session, *, but: str) -> int:
    """How many sealed texts do not begin with `but`."""
    return sum(session.exec(select(func.count()).where(*_old(column, but))).one() for column in _COLUMNS)


def some(session: Session, *, but: str, limit: int) -> list[Sealed]:
    """A few of those that do not begin with `but`."""
    found: list[Sealed] = []
    for sealed in (_second_factors, _channels, _versions, _stores):
        found.extend(sealed(session, but, limit - len(found)))
        if len(found) >= limit:
            break
    return found


def replace(session: Session, sealed: Sealed, text: str) -> bool:
    """Whether it was still the same and is the new text now."""
    change = update(sealed.column.class_).where(*sealed.where, sealed.column == sealed.text)
    return changed_rows(session, change.values({sealed.column.key: text})) == 1


def _old(column: Any, but: str) -> tuple[Any, ...]:
    return (col(column) != "", ~col(column).startswith(but, autoescape=True))


def _second_factors(session: Session, but: str, limit: int) -> Iterator[Sealed]:
    for row in session.exec(select(UserRow).where(*_old(UserRow.totp_secret, but)).limit(limit)):
        mine = (col(UserRow.name) == row.name,)
        yield Sealed(UserRow.totp_secret, mine, row.totp_secret, f"second factor of {row.name}")


def _channels(session: Session, but: str, limit: int) -> Iterator[Sealed]:
    for row in session.exec(select(ChannelRow).where(*_old(ChannelRow.sealed, but)).limit(limit)):
        yield Sealed(ChannelRow.sealed, (col(ChannelRow.id) == row.id,), row.sealed, f"channel/{row.id}")


def _stores(session: Session, but: str, limit: int) -> Iterator[Sealed]:
    for row in session.exec(select(DataStoreRow).where(*_old(DataStoreRow.sealed_password, but)).limit(limit)):
        mine = (col(DataStoreRow.environment) == row.environment, col(DataStoreRow.name) == row.name)
        yield Sealed(DataStoreRow.sealed_password, mine, row.sealed_password, about_store(row.environment, row.name))


def _versions(session: Session, but: str, limit: int) -> Iterator[Sealed]:
    wanted = select(SecretVersionRow, SecretRow).where(*_old(SecretVersionRow.sealed, but))
    for row, secret in session.exec(wanted.where(col(SecretRow.id) == col(SecretVersionRow.secret_id)).limit(limit)):
        mine = (
            col(SecretVersionRow.secret_id) == row.secret_id,
            col(SecretVersionRow.number) == row.number,
        )
        bound = about(row.secret_id, secret.environment, name=secret.name, version=row.number)
        yield Sealed(SecretVersionRow.sealed, mine, row.sealed, bound)
