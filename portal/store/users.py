"""Users with their grants, and the sessions of their browsers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from portal.domain.access import EVERYWHERE, Grant, Role
from portal.domain.errors import Conflict, NotFound
from portal.domain.identity import User
from portal.store.database import changed_rows
from portal.store.tables_identity import GrantRow, SessionRow, UserRow

MOST_SESSIONS = 20


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as it is kept: `digest` is the SHA-256 of its secret."""

    digest: str
    user: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def row(session: Session, name: str) -> UserRow:
    """NotFound("user_missing"). Locked until the transaction ends, so that a check of it still holds then."""
    found = session.exec(select(UserRow).where(UserRow.name == name).with_for_update()).first()
    if found is None:
        raise NotFound("user_missing", user=name[:80])
    return found


def find(session: Session, name: str) -> UserRow | None:
    return session.get(UserRow, name)


def user(session: Session, name: str) -> User:
    """NotFound("user_missing")."""
    found = find(session, name)
    if found is None:
        raise NotFound("user_missing", user=name[:80])
    return _user(found, grants(session, name))


def users(session: Session) -> tuple[User, ...]:
    """All of them by name."""
    of: dict[str, list[Grant]] = defaultdict(list)
    for row in session.exec(select(GrantRow).order_by(GrantRow.environment, GrantRow.role)):
        of[row.user].append(_grant(row))
    rows = session.exec(select(UserRow).order_by(UserRow.name))
    return tuple(_user(row, tuple(of[row.name])) for row in rows)


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(UserRow)).one()


def add(session: Session, new: UserRow, given: tuple[Grant, ...]) -> None:
    """Conflict("user_exists")."""
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        raise Conflict("user_exists", user=new.name) from None
    set_grants(session, new.name, given)


def grants(session: Session, name: str) -> tuple[Grant, ...]:
    wanted = select(GrantRow).where(GrantRow.user == name).order_by(GrantRow.environment, GrantRow.role)
    return tuple(_grant(row) for row in session.exec(wanted))


def set_grants(session: Session, name: str, given: tuple[Grant, ...]) -> None:
    session.exec(delete(GrantRow).where(col(GrantRow.user) == name))
    session.add_all(GrantRow(user=name, role=grant.role, environment=grant.environment) for grant in set(given))
    session.flush()


def lock_administrators(session: Session) -> tuple[str, ...]:
    """The names of all users who may administer everything and are not disabled; nobody else changes them meanwhile."""
    wanted = (
        select(UserRow.name)
        .join(GrantRow, col(GrantRow.user) == UserRow.name)
        .where(GrantRow.role == Role.ADMINISTRATOR, GrantRow.environment == EVERYWHERE)
        .where(col(UserRow.is_disabled).is_(False))
        .order_by(UserRow.name)
        .with_for_update()
    )
    return tuple(session.exec(wanted))


def open_session(session: Session, opened: SignedIn) -> None:
    """The oldest sessions of the user give way to more than twenty, and all that are over are removed."""
    session.exec(delete(SessionRow).where(col(SessionRow.expires_at) <= opened.created_at))
    mine = select(SessionRow.digest).where(SessionRow.user == opened.user).order_by(col(SessionRow.seen_at).desc())
    too_many = session.exec(mine.offset(MOST_SESSIONS - 1)).all()
    session.exec(delete(SessionRow).where(col(SessionRow.digest).in_(too_many)))
    session.add(
        SessionRow(
            digest=opened.digest,
            user=opened.user,
            address=opened.address,
            created_at=opened.created_at,
            seen_at=opened.seen_at,
            expires_at=opened.expires_at,
        )
    )
    session.flush()


def signed_in(session: Session, digest: str) -> SignedIn | None:
    found = session.get(SessionRow, digest)
    if found is None:
        return None
    return SignedIn(found.digest, found.user, found.address, found.created_at, found.seen_at, found.expires_at)


def note_seen(session: Session, digest: str, now: datetime) -> None:
    found = session.get(SessionRow, digest)
    if found is not None:
        found.seen_at = now


def close_session(session: Session, digest: str) -> int:
    return changed_rows(session, delete(SessionRow).where(col(SessionRow.digest) == digest))


def close_sessions(session: Session, name: str, *, but: str = "") -> int:
    """End all sessions of the user except the one with this digest; how many there were."""
    mine = delete(SessionRow).where(col(SessionRow.user) == name, col(SessionRow.digest) != but)
    return changed_rows(session, mine)


def _grant(row: GrantRow) -> Grant:
    return Grant(Role(row.role), row.environment)


def _user(row: UserRow, given: tuple[Grant, ...]) -> User:
    return User(
        name=row.name,
        display_name=row.display_name,
        grants=given,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        is_disabled=row.is_disabled,
        is_password_temporary=row.is_password_temporary,
    )
