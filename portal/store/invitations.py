"""Links by which people set their own password, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from portal.domain.identity import Invitation
from portal.store.database import changed_rows
from portal.store.tables_identity import InvitationRow


def add(session: Session, new: InvitationRow) -> Invitation:
    """Earlier links of the same user end."""
    end_all(session, new.user, new.created_at)
    session.add(new)
    session.flush()
    return _invitation(new)


def end_all(session: Session, user: str, now: datetime) -> int:
    """How many links of the user were open."""
    open_ones = update(InvitationRow).where(col(InvitationRow.user) == user, col(InvitationRow.ended_at).is_(None))
    return changed_rows(session, open_ones.values(ended_at=now))


def by_digest(session: Session, digest: str) -> Invitation | None:
    found = session.exec(select(InvitationRow).where(InvitationRow.digest == digest)).first()
    return _invitation(found) if found else None


def use(session: Session, invitation_id: int, now: datetime) -> bool:
    """Whether this call used it up: of two at once one does."""
    unused = update(InvitationRow).where(col(InvitationRow.id) == invitation_id, col(InvitationRow.ended_at).is_(None))
    return changed_rows(session, unused.values(ended_at=now)) == 1


def open_ones(session: Session, now: datetime) -> dict[str, Invitation]:
    """The link of each user who has one that still leads in."""
    wanted = select(InvitationRow).where(col(InvitationRow.ended_at).is_(None), col(InvitationRow.expires_at) > now)
    return {row.user: _invitation(row) for row in session.exec(wanted)}


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(
        id=row.id or 0,
        user=row.user,
        kind=row.kind,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )
