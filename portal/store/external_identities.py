"""Who is who at other providers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from portal.domain.errors import Conflict
from portal.domain.identity import ExternalIdentity
from portal.domain.oidc import Stranger
from portal.store.database import changed_rows
from portal.store.tables_identity import ExternalIdentityRow


def user_of(session: Session, issuer: str, subject: str) -> str | None:
    """The user who is this person."""
    found = session.get(ExternalIdentityRow, (issuer, subject))
    return found.user if found else None


def add(session: Session, stranger: Stranger, user: str, *, at: datetime) -> None:
    """Conflict("identity_linked_already") if it belongs to a user, this one or another."""
    row = ExternalIdentityRow(
        issuer=stranger.issuer, subject=stranger.subject, user=user, label=stranger.label, linked_at=at
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("identity_linked_already") from None


def of_user(session: Session, user: str) -> tuple[ExternalIdentity, ...]:
    wanted = select(ExternalIdentityRow).where(ExternalIdentityRow.user == user).order_by(ExternalIdentityRow.issuer)
    return tuple(ExternalIdentity(row.issuer, row.label, row.linked_at) for row in session.exec(wanted))


def remove(session: Session, user: str, issuer: str) -> int:
    mine = delete(ExternalIdentityRow).where(
        col(ExternalIdentityRow.user) == user, col(ExternalIdentityRow.issuer) == issuer
    )
    return changed_rows(session, mine)
