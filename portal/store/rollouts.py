"""Rollouts, their approvals, and the evidence gathered so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from portal.domain.errors import NotFound
from portal.domain.lists import RolloutQuery
from portal.domain.page import Page, bounded
from portal.domain.plan import Plan, Step
from portal.domain.rollout import Approval, Cause, PauseKind, Rollout, State, Wish
from portal.domain.route import Slot
from portal.store.database import changed_rows
from portal.store.documents import from_document, to_document
from portal.store.list_queries import rollout_rows, search_text
from portal.store.tables import ApprovalRow, BreakGlassRow, RolloutRow

_FIXED = ("from_version", "to_version", "from_image", "to_image", "is_irreversible", "is_return")
_CONFIGURATIONS = ("from_configuration", "to_configuration")
_PLAIN = (
    "cursor",
    "percent",
    "requested_by",
    "reason",
    "created_at",
    "state_since",
    "step_since",
    "ended_at",
    "is_promoted",
    "decided_at",
    "last_answer_ms",
    "retries",
    "revision",
)
RETURN = "return"  # as a strategy in the list: back to what ran before
_STEPS = TypeAdapter(tuple[Step, ...])


def _rollout(row: RolloutRow) -> Rollout:
    document = row.document
    return Rollout(
        id=row.id,
        service=row.service,
        environment=row.environment,
        plan=from_document(Plan, document["plan"]),
        steps=_STEPS.validate_python(document["steps"]),
        slot=Slot(document["slot"]),
        state=State(row.state),
        pause=PauseKind(row.pause) if row.pause else None,
        cause=from_document(Cause, row.cause) if row.cause else None,
        note=from_document(Cause, row.note) if row.note else None,
        wish=from_document(Wish, row.wish) if row.wish else Wish(),
        **{name: document[name] for name in _FIXED},
        **{name: document.get(name, 0) for name in _CONFIGURATIONS},
        **{name: getattr(row, name) for name in _PLAIN},
    )


def add(session: Session, rollout: Rollout) -> None:
    session.add(RolloutRow(**row_values(rollout)))
    session.flush()


def row_values(rollout: Rollout) -> dict[str, Any]:
    """The columns of a new rollout."""
    document = {
        "plan": to_document(rollout.plan),
        "steps": _STEPS.dump_python(rollout.steps, mode="json"),
        "slot": rollout.slot,
        **{name: getattr(rollout, name) for name in (*_FIXED, *_CONFIGURATIONS)},
    }
    fixed = {"id": rollout.id, "service": rollout.service, "environment": rollout.environment, "document": document}
    return {**fixed, **_listed(rollout), **_changing(rollout)}


def _listed(rollout: Rollout) -> dict[str, str]:
    """What the list is filtered by; it never changes."""
    words = (rollout.service, rollout.environment, rollout.requested_by, rollout.to_version, rollout.reason)
    strategy = RETURN if rollout.is_return else str(rollout.strategy)
    return {"strategy": strategy, "to_version": rollout.to_version, "search": search_text(*words)}


def _changing(rollout: Rollout) -> dict[str, Any]:
    return {
        "state": rollout.state,
        "pause": rollout.pause,
        "cause": to_document(rollout.cause) if rollout.cause else None,
        "note": to_document(rollout.note) if rollout.note else None,
        "wish": to_document(rollout.wish) if rollout.wish != Wish() else {},
        "is_abort_wished": rollout.wish.is_abort,
        **{name: getattr(rollout, name) for name in _PLAIN},
    }


def get(session: Session, rollout_id: int) -> Rollout:
    """NotFound("rollout_missing")."""
    row = session.get(RolloutRow, rollout_id, populate_existing=True)
    if row is None:
        raise NotFound("rollout_missing", id=rollout_id)
    return _rollout(row)


def change(session: Session, before: Rollout, after: Rollout) -> bool:
    """Compare-and-set: whether the row was still as `before` and is now as `after`.

    A change that goes forward also loses against an abort that was accepted since.
    """
    is_for_abort = after.wish.is_abort or after.state.is_going_back or after.state.is_over
    fits: list[ColumnElement[bool]] = [col(RolloutRow.id) == before.id, col(RolloutRow.revision) == before.revision]
    if not is_for_abort:
        fits.append(col(RolloutRow.is_abort_wished).is_(False))
    values = {**_changing(after), "revision": before.revision + 1}
    return changed_rows(session, update(RolloutRow).where(*fits).values(**values)) == 1


def of_numbers(session: Session, numbers: Sequence[int]) -> tuple[Rollout, ...]:
    """Those with these numbers, in this order."""
    rows = {row.id: row for row in session.exec(select(RolloutRow).where(col(RolloutRow.id).in_(numbers)))}
    return tuple(_rollout(rows[number]) for number in numbers if number in rows)


def page(session: Session, query: RolloutQuery, environments: frozenset[str] | None = None) -> Page[Rollout]:
    """Those that fit, in these environments or in all of them if None. Invalid("sort_bad")."""
    rows, total = rollout_rows(session, query, environments)
    return Page(tuple(_rollout(row) for row in rows), total, *bounded(query.offset, query.limit))


def active(session: Session) -> tuple[Rollout, ...]:
    rows = session.exec(select(RolloutRow).where(col(RolloutRow.ended_at).is_(None)).order_by(col(RolloutRow.id)))
    return tuple(_rollout(row) for row in rows)


def promoted(session: Session, service: str, environment: str, *, limit: int = 50) -> tuple[Rollout, ...]:
    """Those whose new version got everything and kept it, newest first."""
    wanted = select(RolloutRow).where(
        RolloutRow.service == service, RolloutRow.environment == environment, col(RolloutRow.is_promoted)
    )
    kept = wanted.where(col(RolloutRow.state).in_((State.SUCCEEDED, State.BAKING, State.FINALISING)))
    return tuple(_rollout(row) for row in session.exec(kept.order_by(col(RolloutRow.id).desc()).limit(limit)))


def latest_of(
    session: Session, service: str, version: str, *, environments: frozenset[str] | None = None
) -> Rollout | None:
    """The newest rollout of the version, in these environments or in any if None."""
    rows, _ = rollout_rows(session, RolloutQuery(service=service, version=version, limit=1), environments)
    return _rollout(rows[0]) if rows else None


def has_run(session: Session, service: str, environment: str, *, image: str) -> bool:
    """Whether this very image ran in the environment before."""
    return any(rollout.to_image == image for rollout in promoted(session, service, environment, limit=500))


def evidence(session: Session, rollout_id: int) -> tuple[dict[str, Any] | None, int, str]:
    """The stored evidence, the last second that is in it, and the hash under which it was shown for approval."""
    row = session.get(RolloutRow, rollout_id, populate_existing=True)
    return (row.evidence, row.evidence_second, row.evidence_hash) if row else (None, 0, "")


def put_evidence(session: Session, rollout_id: int, document: dict[str, Any] | None, *, second: int) -> None:
    values = {"evidence": document, "evidence_second": second}
    session.exec(update(RolloutRow).where(col(RolloutRow.id) == rollout_id).values(**values))


def put_evidence_hash(session: Session, rollout_id: int, digest: str) -> None:
    session.exec(update(RolloutRow).where(col(RolloutRow.id) == rollout_id).values(evidence_hash=digest))


def approvals(session: Session, rollout_id: int) -> tuple[Approval, ...]:
    rows = session.exec(select(ApprovalRow).where(ApprovalRow.rollout_id == rollout_id).order_by(col(ApprovalRow.id)))
    return tuple(
        Approval(r.rollout_id, r.step, r.by, r.is_approved, r.reason, r.evidence_hash, r.at, r.is_void) for r in rows
    )


def add_approval(session: Session, approval: Approval) -> None:
    session.add(ApprovalRow(**{name: getattr(approval, name) for name in Approval.__slots__}))
    session.flush()


def void_approvals(session: Session, rollout_id: int, *, keep_hash: str) -> int:
    """Approvals of other evidence than this no longer count; how many that were."""
    fits = (
        col(ApprovalRow.rollout_id) == rollout_id,
        col(ApprovalRow.evidence_hash) != keep_hash,
        col(ApprovalRow.is_void).is_(False),
    )
    return changed_rows(session, update(ApprovalRow).where(*fits).values(is_void=True))


def break_glass(session: Session, rollout_id: int) -> tuple[str, ...]:
    """The people who broke the glass for this rollout."""
    rows = session.exec(
        select(BreakGlassRow.by).where(BreakGlassRow.rollout_id == rollout_id).order_by(BreakGlassRow.by)
    )
    return tuple(rows)


def add_break_glass(session: Session, rollout_id: int, *, by: str, reason: str, at: datetime) -> None:
    session.merge(BreakGlassRow(rollout_id=rollout_id, by=by, reason=reason, at=at))
