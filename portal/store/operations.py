"""Operations: who may work on which, the journal of steps and effects.

A claim is taken by a conditional change of the row and carries a fence that only grows. Everything written on
behalf of a claim demands that its fence is still the newest.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from portal.domain.errors import Conflict
from portal.domain.operation import Claim, OperationStep, StepStatus
from portal.store.database import now as database_now
from portal.store.tables import EffectRow, OperationRow, OperationStepRow

LEASE_SECONDS = 5.0
ROLLOUT = "rollout"
_ANY_DUE = (
    "SELECT 1 FROM operation WHERE NOT is_over AND wake_at <= :now AND lease_until < :now AND kind {} :rollout LIMIT 1"
)
_ANY_ROLLOUT_DUE, _ANY_JOB_DUE = text(_ANY_DUE.format("=")), text(_ANY_DUE.format("<>"))  # asked thirty times a second


def add(session: Session, *, kind: str, target: str, plan_version: int, now: datetime) -> int:
    row = OperationRow(kind=kind, target=target, plan_version=plan_version, created_at=now)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def add_steps(session: Session, operation_id: int, names: list[str]) -> None:
    session.add_all(
        OperationStepRow(operation_id=operation_id, index=i, name=n, status=StepStatus.PENDING)
        for i, n in enumerate(names)
    )


def claim(session: Session, owner: str, *, limit: int, of_jobs: bool = False) -> list[Claim]:
    """Rollouts, or jobs, that are due and that nobody holds, now held by `owner`. What wakes them from now on counts
    anew.
    """
    now = database_now(session)
    due = (
        select(OperationRow)
        .where(*_is_due(now, of_jobs=of_jobs))
        .order_by(col(OperationRow.wake_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claims: list[Claim] = []
    for row in session.exec(due):
        row.owner, row.fence, row.lease_until, row.wake_at = owner, row.fence + 1, now + LEASE_SECONDS, 0.0
        claims.append(Claim(row.id or 0, row.kind, owner, row.fence))
    return claims


def _still(claim: Claim) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(OperationRow.id) == claim.operation_id, col(OperationRow.fence) == claim.fence


def _set(session: Session, *fits: ColumnElement[bool], **values: object) -> None:
    session.exec(update(OperationRow).where(*fits).values(**values))


def beat(session: Session, claims: list[Claim]) -> None:
    """Prolong the leases that are still ours."""
    until = database_now(session) + LEASE_SECONDS
    for claim_ in claims:
        _set(session, *_still(claim_), lease_until=until)


def guard(session: Session, claim: Claim) -> None:
    """Conflict("claim_lost") unless the claim is still the newest and its lease has not run out."""
    row = session.exec(
        select(OperationRow.fence, OperationRow.lease_until).where(OperationRow.id == claim.operation_id)
    ).first()
    if row is None or row[0] != claim.fence or row[1] < database_now(session):
        raise Conflict("claim_lost", operation=claim.operation_id)


def lock_row(session: Session, claim: Claim) -> None:
    """Like `guard`, and holds the row until the transaction ends, so that nobody claims it meanwhile."""
    found = select(OperationRow.id).where(*_still(claim)).with_for_update()
    if session.exec(found).first() is None:
        raise Conflict("claim_lost", operation=claim.operation_id)


def release(session: Session, claim: Claim, *, after_seconds: float) -> None:
    """Give the claim back; the operation is due again after so many seconds, or at once if somebody woke it
    meanwhile.
    """
    now = database_now(session)
    row = session.exec(select(OperationRow).where(*_still(claim)).with_for_update()).first()
    if row is not None:
        row.owner, row.lease_until = "", 0.0
        row.wake_at = 0.0 if row.wake_at < 0 else now + after_seconds


def wake(session: Session, operation_id: int) -> None:
    """Due at once, and again after the present look is over, should somebody be looking."""
    _set(session, col(OperationRow.id) == operation_id, wake_at=-1.0)


def end(session: Session, operation_id: int) -> None:
    values = {"is_over": True, "lock": None, "owner": "", "lease_until": 0.0}
    _set(session, col(OperationRow.id) == operation_id, **values)


def take_lock(session: Session, operation_id: int, target: str) -> bool:
    """Whether the target is now this operation's."""
    try:
        with session.begin_nested():
            _set(session, col(OperationRow.id) == operation_id, lock=target)
    except IntegrityError:
        return False
    return True


def lock_holder(session: Session, target: str) -> int | None:
    return session.exec(select(OperationRow.id).where(OperationRow.lock == target)).first()


def locked_by_jobs(session: Session) -> frozenset[str]:
    """What jobs, and not rollouts, work on."""
    held = select(OperationRow.lock).where(col(OperationRow.lock).is_not(None), OperationRow.kind != ROLLOUT)
    return frozenset(lock for lock in session.exec(held) if lock)


def free_leases(session: Session) -> None:
    """At the start of the only process that works: whoever held a lease is dead."""
    _set(session, col(OperationRow.is_over).is_(False), lease_until=0.0)


def set_step(session: Session, operation_id: int, index: int, *, status: StepStatus, now: datetime) -> None:
    """Start, finish or skip one line of the journal; repeating it only counts an attempt."""
    row = session.get(OperationStepRow, (operation_id, index))
    if row is None:
        return
    if status is StepStatus.RUNNING:
        row.attempts += 1
        row.started_at = row.started_at or now
    else:
        row.started_at, row.ended_at = row.started_at or now, now
    row.status = status
    session.add(row)


def steps(session: Session, operation_id: int) -> tuple[OperationStep, ...]:
    rows = session.exec(
        select(OperationStepRow)
        .where(OperationStepRow.operation_id == operation_id)
        .order_by(col(OperationStepRow.index))
    )
    return tuple(
        OperationStep(
            r.operation_id, r.index, r.name, StepStatus(r.status), r.attempts, r.started_at, r.ended_at, r.result
        )
        for r in rows
    )


def begin_effect(session: Session, claim: Claim, effect: EffectRow) -> int:
    lock_row(session, claim)
    session.add(effect)
    session.flush()
    assert effect.id is not None
    return effect.id


def end_effect(session: Session, claim: Claim, effect_id: int, now: datetime, *, error: str = "") -> None:
    lock_row(session, claim)
    values = {"ended_at": now, "error": error[:500]}
    session.exec(update(EffectRow).where(col(EffectRow.id) == effect_id).values(**values))


def confirmed_percent(session: Session, operation_id: int) -> int:
    """The share of the newest shift that is known to have been carried out, 0 if none is."""
    done = select(EffectRow.percent).where(
        EffectRow.operation_id == operation_id, EffectRow.effect == "shift", col(EffectRow.ended_at).is_not(None)
    )
    return session.exec(done.order_by(col(EffectRow.id).desc()).limit(1)).first() or 0


def count(session: Session, *, is_over: bool) -> int:
    return len(session.exec(select(OperationRow.id).where(col(OperationRow.is_over).is_(is_over))).all())


def is_any_due(session: Session, *, of_jobs: bool = False) -> bool:
    """Whether there is something to claim: a look that costs no write lock."""
    connection = session.connection()
    asked = _ANY_JOB_DUE if of_jobs else _ANY_ROLLOUT_DUE
    return connection.execute(asked, {"now": database_now(connection), "rollout": ROLLOUT}).first() is not None


def _is_due(now: float, *, of_jobs: bool) -> tuple[ColumnElement[bool], ...]:
    kind = col(OperationRow.kind)
    of_kind = kind != ROLLOUT if of_jobs else kind == ROLLOUT
    is_free = col(OperationRow.lease_until) < now
    return of_kind, col(OperationRow.is_over).is_(False), col(OperationRow.wake_at) <= now, is_free


def due(session: Session) -> frozenset[tuple[int, int]]:
    """Identity and fence of (at most 1000) rollouts that could be claimed now. Jobs may wait for their turn."""
    wanted = select(OperationRow.id, OperationRow.fence).where(*_is_due(database_now(session), of_jobs=False))
    return frozenset((number or 0, fence) for number, fence in session.exec(wanted.limit(1000)))
