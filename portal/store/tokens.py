"""API tokens, found by the hash of their secret."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from portal.domain.access import Permission
from portal.domain.errors import NotFound
from portal.domain.identity import Token, TokenQuery
from portal.domain.page import Page, bounded
from portal.store.tables_identity import TokenRow

MOST_LISTED = 1000


def add(session: Session, new: TokenRow) -> Token:
    session.add(new)
    session.flush()
    return _token(new)


def by_digest(session: Session, digest: str) -> Token | None:
    found = session.exec(select(TokenRow).where(TokenRow.digest == digest)).first()
    return _token(found) if found else None


def get(session: Session, token_id: int) -> Token:
    """NotFound("token_missing")."""
    return _token(_row(session, token_id))


def of_user(session: Session, user: str | None) -> tuple[Token, ...]:
    """Newest first; None for the tokens of all users."""
    wanted = select(TokenRow).order_by(col(TokenRow.id).desc()).limit(MOST_LISTED)
    if user is not None:
        wanted = wanted.where(TokenRow.user == user)
    return tuple(_token(row) for row in session.exec(wanted))


def page(session: Session, query: TokenQuery, now: datetime) -> Page[Token]:
    """Newest first; an empty `user` is any."""
    offset, limit = bounded(query.offset, query.limit)
    wanted = select(TokenRow)
    if query.user:
        wanted = wanted.where(TokenRow.user == query.user)
    if query.is_valid:
        wanted = wanted.where(col(TokenRow.revoked_at).is_(None), col(TokenRow.expires_at) > now)
    if query.text:
        columns = (TokenRow.name, TokenRow.user)
        wanted = wanted.where(or_(*(col(c).icontains(query.text[:100], autoescape=True) for c in columns)))
    total = session.exec(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.exec(wanted.order_by(col(TokenRow.id).desc()).offset(offset).limit(limit))
    return Page(tuple(_token(row) for row in rows), total, offset, limit)


def revoke(session: Session, token_id: int, now: datetime) -> None:
    row = _row(session, token_id)
    row.revoked_at = row.revoked_at or now
    session.flush()


def note_used(session: Session, token_id: int, now: datetime) -> None:
    _row(session, token_id).used_at = now


def _row(session: Session, token_id: int) -> TokenRow:
    row = session.get(TokenRow, token_id)
    if row is None:
        raise NotFound("token_missing", id=token_id)
    return row


def _token(row: TokenRow) -> Token:
    known = {permission.value for permission in Permission}
    scopes = None if row.scopes is None else frozenset(Permission(scope) for scope in row.scopes if scope in known)
    return Token(
        id=row.id or 0,
        prefix=row.prefix,
        name=row.name,
        user=row.user,
        scopes=scopes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
