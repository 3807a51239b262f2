"""What was answered to a request with an idempotency key, for as long as a client may reasonably repeat it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from portal.domain.errors import Conflict, Invalid
from portal.store.database import changed_rows
from portal.store.tables import IdempotencyRow

KEPT_HOURS = 24
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request with its key. The fingerprint tells it from other requests of the same actor."""

    actor: str
    key: str
    fingerprint: str


def recall(session: Session, asked: Keyed) -> str | None:
    """The answer that this actor got for this key, None if it is new.

    Conflict("idempotency_key_reused") if it was used for another request, Invalid("idempotency_key_too_long").
    """
    if len(asked.key) > LONGEST_KEY or not asked.key.isprintable():
        raise Invalid("idempotency_key_too_long", limit=LONGEST_KEY, field="key")
    row = session.get(IdempotencyRow, (asked.actor, asked.key))
    if row is None:
        return None
    if row.fingerprint != asked.fingerprint:
        raise Conflict("idempotency_key_reused", key=asked.key)
    return row.answer


def remember(session: Session, asked: Keyed, *, answer: str, at: datetime) -> None:
    """Keep the answer in the transaction of the act itself.

    Conflict("idempotency_in_progress") if the same key was kept by another transaction meanwhile: this one has to be
    given up, and a repetition gets the other's answer.
    """
    row = IdempotencyRow(actor=asked.actor, key=asked.key, fingerprint=asked.fingerprint, answer=answer, at=at)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("idempotency_in_progress", key=asked.key) from None


def forget_old(session: Session, now: datetime) -> int:
    """Remove what is older than the time of keeping; how many there were."""
    too_old = now - timedelta(hours=KEPT_HOURS)
    return changed_rows(session, delete(IdempotencyRow).where(col(IdempotencyRow.at) < too_old))
