"""What a person may ask of a running rollout, and what it changes. The engine carries out the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from portal.domain.access import Actor
from portal.domain.audit import AuditEntry
from portal.domain.deciding import Deciding
from portal.domain.errors import Conflict, PortalError, Refused
from portal.domain.operation import StepStatus
from portal.domain.plan import StepKind
from portal.domain.rollout import Action, Approval, PauseKind, Rollout, State, Wish, possible_actions, state_of
from portal.domain.rollout_advance import after_step
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.store import catalogue, operations, rollouts, routing


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """`evidence_hash` is what the page showed; an approval of anything else is refused."""

    reason: str
    key: str = ""
    evidence_hash: str = ""


class Actions:
    """Runs inside the caller's transaction."""

    def __init__(self, clock: Clock, audit: Audit) -> None:
        self._clock, self._audit = clock, audit

    def perform(
        self, session: Session, actor: Actor, rollout: Rollout, action: Action, *, request: ActionRequest
    ) -> Rollout:
        refusal = refusal_of(session, actor, rollout, action)
        if refusal is not None:
            raise refusal
        after = _CHANGES[action](_Asked(session, actor, rollout, request, self._clock.now()))
        if not rollouts.change(session, rollout, after):
            raise Conflict("rollout_changed", id=rollout.id)
        self._record(session, actor, rollout, action, request)
        return after

    def _record(self, session: Session, actor: Actor, rollout: Rollout, action: Action, request: ActionRequest) -> None:
        params = {"service": rollout.service, "step": str(rollout.cursor + 1)}
        if action in (Action.APPROVE, Action.REJECT):
            params["evidence"] = request.evidence_hash
        entry = AuditEntry(
            actor.name,
            actor.kind,
            f"rollout.{action}",
            "rollout",
            str(rollout.id),
            environment=rollout.environment,
            reason=request.reason,
            params=params,
        )
        self._audit.record(session, entry)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request: by whom, when, about which rollout."""

    session: Session
    actor: Actor
    rollout: Rollout
    request: ActionRequest
    now: datetime


def _decide(asked: _Asked, *, is_approved: bool) -> Rollout:
    rollout = asked.rollout
    _, _, shown = rollouts.evidence(asked.session, rollout.id)
    if is_approved and asked.request.evidence_hash != shown:
        raise Conflict("evidence_changed", id=rollout.id)
    given = Approval(
        rollout_id=rollout.id,
        step=rollout.cursor,
        by=asked.actor.human,
        is_approved=is_approved,
        reason=asked.request.reason,
        evidence_hash=shown,
        at=asked.now,
    )
    rollouts.add_approval(asked.session, given)
    return rollout


def _approve(asked: _Asked) -> Rollout:
    return _decide(asked, is_approved=True)


def _reject(asked: _Asked) -> Rollout:
    return _decide(asked, is_approved=False)


def _pause(asked: _Asked) -> Rollout:
    return replace(asked.rollout, state=State.PAUSED, state_since=asked.now, pause=PauseKind.MANUAL, note=None)


def _resume(asked: _Asked) -> Rollout:
    rollout = asked.rollout
    if rollout.step.kind is StepKind.PAUSE:
        return _skip(asked)
    has_lock = operations.lock_holder(asked.session, rollout.target) == rollout.id
    state = state_of(rollout.step) if has_lock else State.QUEUED
    return _going_on(asked, state)


def _going_on(asked: _Asked, state: State) -> Rollout:
    now = asked.now
    return replace(asked.rollout, state=state, state_since=now, step_since=now, pause=None, cause=None, note=None)


def _skip(asked: _Asked) -> Rollout:
    after = after_step(asked.rollout, asked.now)
    operations.set_step(asked.session, after.id, asked.rollout.cursor, status=StepStatus.SKIPPED, now=asked.now)
    operations.set_step(asked.session, after.id, after.cursor, status=StepStatus.RUNNING, now=asked.now)
    return replace(after, cause=None)


def _promote(asked: _Asked) -> Rollout:
    return replace(asked.rollout, wish=replace(_wish(asked), is_promote=True))


def _finish(asked: _Asked) -> Rollout:
    return replace(asked.rollout, wish=replace(_wish(asked), is_finish=True))


def withdraw_unconfirmed_share(session: Session, rollout: Rollout) -> None:
    """From an abort on nobody brings more users to the new version, not even by completing what was begun."""
    confirmed = operations.confirmed_percent(session, rollout.id)
    if confirmed < rollout.percent:
        values: dict[str, object] = {"candidate_percent": confirmed}
        routing.change_route(session, rollout.service, rollout.environment, **values)


def _abort(asked: _Asked) -> Rollout:
    withdraw_unconfirmed_share(asked.session, asked.rollout)
    return replace(
        asked.rollout, wish=Wish(is_abort=True, by=asked.actor.human, reason=asked.request.reason, at=asked.now)
    )


def _wish(asked: _Asked) -> Wish:
    return replace(asked.rollout.wish, by=asked.actor.human, reason=asked.request.reason, at=asked.now)


def _retry(asked: _Asked) -> Rollout:
    rollout = asked.rollout
    return _going_on(asked, State.ROLLING_BACK if rollout.decided_at else state_of(rollout.step))


_CHANGES: dict[Action, Callable[[_Asked], Rollout]] = {
    Action.APPROVE: _approve,
    Action.REJECT: _reject,
    Action.PAUSE: _pause,
    Action.RESUME: _resume,
    Action.SKIP: _skip,
    Action.PROMOTE: _promote,
    Action.ABORT: _abort,
    Action.RETRY: _retry,
    Action.FINISH: _finish,
}


def refusal_of(session: Session, actor: Actor, rollout: Rollout, action: Action) -> PortalError | None:
    """Why the action makes no sense now, or not by this person; permissions are looked at elsewhere."""
    if action not in possible_actions(rollout):
        return Refused("action_senseless", action=action, state=rollout.state)
    return deciding(session, rollout).approval_refusal(actor) if action is Action.APPROVE else None


def deciding(session: Session, rollout: Rollout) -> Deciding:
    """What it takes to say who may decide."""
    role = catalogue.environment(session, rollout.environment).protection.approver_role
    return Deciding(rollout, role, rollouts.approvals(session, rollout.id))
