"""Sessions of signed-in browsers, and sign-ins that wait for their second step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_
from sqlmodel import Session, col, select

from portal.domain.identity import SESSION_ID_LENGTH, OpenSession, SessionQuery
from portal.domain.page import Page, bounded
from portal.store.database import changed_rows
from portal.store.tables_identity import SessionRow, SignInStepRow

MOST_SESSIONS = 20
MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session as it is kept: `digest` is the SHA-256 of its secret."""

    digest: str
    user: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    agent: str = ""
    way: str = "password"
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A sign-in that is not finished; `document` holds what its end needs."""

    digest: str
    kind: str
    user: str
    document: dict[str, str]
    expires_at: datetime
    tries: int = 0


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
            agent=opened.agent,
            way=opened.way,
            proved_at=opened.proved_at,
        )
    )
    session.flush()


def signed_in(session: Session, digest: str) -> SignedIn | None:
    found = session.get(SessionRow, digest)
    return _signed_in(found) if found else None


def page(session: Session, query: SessionQuery, now: datetime) -> Page[OpenSession]:
    """Those that are not over, last seen first; an empty `user` is any."""
    offset, limit = bounded(query.offset, query.limit)
    wanted = select(SessionRow).where(col(SessionRow.expires_at) > now)
    if query.user:
        wanted = wanted.where(SessionRow.user == query.user)
    if query.text:
        columns = (SessionRow.user, SessionRow.address, SessionRow.agent)
        wanted = wanted.where(or_(*(col(c).icontains(query.text[:100], autoescape=True) for c in columns)))
    total = session.exec(select(func.count()).select_from(wanted.subquery())).one()
    order = (col(SessionRow.seen_at).desc(), col(SessionRow.digest))
    rows = session.exec(wanted.order_by(*order).offset(offset).limit(limit))
    return Page(tuple(_shown(row) for row in rows), total, offset, limit)


def find(session: Session, session_id: str) -> SignedIn | None:
    """The session that people know by this id."""
    wanted = select(SessionRow).where(col(SessionRow.digest).startswith(session_id, autoescape=True))
    found = session.exec(wanted).first() if len(session_id) == SESSION_ID_LENGTH else None
    return _signed_in(found) if found else None


def note_seen(session: Session, digest: str, now: datetime) -> None:
    found = session.get(SessionRow, digest)
    if found is not None:
        found.seen_at = now


def note_proof(session: Session, digest: str, now: datetime) -> None:
    found = session.get(SessionRow, digest)
    if found is not None:
        found.proved_at = now


def close_session(session: Session, digest: str) -> int:
    return changed_rows(session, delete(SessionRow).where(col(SessionRow.digest) == digest))


def close_sessions(session: Session, name: str, *, but: str = "") -> int:
    """End all sessions of the user except the one with this digest; how many there were."""
    mine = delete(SessionRow).where(col(SessionRow.user) == name, col(SessionRow.digest) != but)
    return changed_rows(session, mine)


def add_step(session: Session, step: Step, now: datetime) -> None:
    """Those that are over are removed; beyond ten thousand open ones the oldest give way."""
    session.exec(delete(SignInStepRow).where(col(SignInStepRow.expires_at) <= now))
    newest = select(SignInStepRow.digest).order_by(col(SignInStepRow.expires_at).desc())
    too_many = session.exec(newest.offset(MOST_STEPS - 1).limit(100)).all()
    session.exec(delete(SignInStepRow).where(col(SignInStepRow.digest).in_(too_many)))
    row = SignInStepRow(digest=step.digest, kind=step.kind, user=step.user, document={}, expires_at=step.expires_at)
    row.document = step.document
    session.add(row)
    session.flush()


def step(session: Session, digest: str) -> Step | None:
    row = session.get(SignInStepRow, digest)
    return Step(row.digest, row.kind, row.user, row.document, row.expires_at, row.tries) if row else None


def count_try(session: Session, digest: str) -> None:
    row = session.get(SignInStepRow, digest)
    if row is not None:
        row.tries += 1


def end_step(session: Session, digest: str) -> int:
    """Whether this call has ended it: of two at once one gets 1."""
    return changed_rows(session, delete(SignInStepRow).where(col(SignInStepRow.digest) == digest))


def end_steps(session: Session, user: str) -> None:
    session.exec(delete(SignInStepRow).where(col(SignInStepRow.user) == user))


def _signed_in(row: SessionRow) -> SignedIn:
    return SignedIn(
        digest=row.digest,
        user=row.user,
        address=row.address,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        agent=row.agent,
        way=row.way,
        proved_at=row.proved_at,
    )


def _shown(row: SessionRow) -> OpenSession:
    return OpenSession(
        id=row.digest[:SESSION_ID_LENGTH],
        user=row.user,
        address=row.address,
        agent=row.agent,
        way=row.way,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
    )
