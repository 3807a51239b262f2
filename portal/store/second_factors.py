"""Recovery codes, which are kept as hashes; the secret of the second factor itself stands with the user, sealed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from portal.store.database import changed_rows
from portal.store.tables_identity import RecoveryCodeRow, UserRow


def set_codes(session: Session, user: str, digests: Iterable[str]) -> None:
    """In place of all that the user had."""
    session.exec(delete(RecoveryCodeRow).where(col(RecoveryCodeRow.user) == user))
    session.add_all(RecoveryCodeRow(digest=digest, user=user) for digest in digests)
    session.flush()


def use_code(session: Session, user: str, digest: str, *, at: datetime) -> bool:
    """Whether it was one of the user's and unused: of two at once one succeeds."""
    unused = update(RecoveryCodeRow).where(
        col(RecoveryCodeRow.user) == user, col(RecoveryCodeRow.digest) == digest, col(RecoveryCodeRow.used_at).is_(None)
    )
    return changed_rows(session, unused.values(used_at=at)) == 1


def codes_left(session: Session, user: str) -> int:
    wanted = select(func.count()).where(col(RecoveryCodeRow.user) == user, col(RecoveryCodeRow.used_at).is_(None))
    return session.exec(wanted.select_from(RecoveryCodeRow)).one()


def use_step(session: Session, user: str, step: int) -> bool:
    """Whether the code of this step is taken now: of two at once, or of the same code twice, one is."""
    newer = update(UserRow).where(col(UserRow.name) == user, col(UserRow.totp_step) < step)
    return changed_rows(session, newer.values(totp_step=step)) == 1
