"""What a person may ask of a running rollout, and what it changes. The engine carries out the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlmodel import Session

from portal.domain.access import Actor, Role
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict, PortalError, Refused
from portal.domain.operation import StepStatus
from portal.domain.plan import StepKind
from portal.domain.rollout import Action, Approval, PauseKind, Rollout, State, Wish, possible_actions, state_of
from portal.domain.rollout_advance import after_step
from portal.domain.rollout_facts import Advance
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.store import catalogue, operations, rollouts


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

    def perform(self, session: Session, actor: Actor, rollout: Rollout, action: Action, request: ActionRequest) -> Rollout:
        refusal = refusal_of(session, actor, rollout, action)
        if refusal is not None:
            raise refusal
        after = _CHANGES[action](self, session, actor, rollout, request)
        if not rollouts.change(session, rollout, after):
            raise Conflict("rollout_changed", id=rollout.id)
        self._record(session, actor, rollout, action, request)
        return after

    def _record(self, session: Session, actor: Actor, rollout: Rollout, action: Action, request: ActionRequest) -> None:
        params = {"service": rollout.service, "step": str(rollout.cursor + 1)}
        if action in (Action.APPROVE, Action.REJECT):
            params["evidence"] = request.evidence_hash
        entry = AuditEntry(actor.name, actor.kind, f"rollout.{action}", "rollout", str(rollout.id),
                           environment=rollout.environment, reason=request.reason, params=params)
        self._audit.record(session, entry)

    def _decide(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest, *, is_approved: bool) -> Rollout:
        _, _, shown = rollouts.evidence(session, rollout.id)
        if is_approved and request.evidence_hash != shown:
            raise Conflict("evidence_changed", id=rollout.id)
        given = Approval(rollout.id, rollout.cursor, actor.human, is_approved, request.reason, shown, self._clock.now())
        rollouts.add_approval(session, given)
        return rollout

    def _approve(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        return self._decide(session, actor, rollout, request, is_approved=True)

    def _reject(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        return self._decide(session, actor, rollout, request, is_approved=False)

    def _pause(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        return replace(rollout, state=State.PAUSED, state_since=self._clock.now(), pause=PauseKind.MANUAL, note=None)

    def _resume(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        if rollout.step.kind is StepKind.PAUSE:
            return self._skip(session, actor, rollout, request)
        now = self._clock.now()
        has_lock = operations.lock_holder(session, rollout.target) == rollout.id
        state = state_of(rollout.step) if has_lock else State.QUEUED
        return replace(rollout, state=state, state_since=now, step_since=now, pause=None, cause=None, note=None)

    def _skip(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        now = self._clock.now()
        after = after_step(rollout, Advance(is_skipped=True), now)
        operations.set_step(session, rollout.id, rollout.cursor, StepStatus.SKIPPED, now)
        operations.set_step(session, rollout.id, after.cursor, StepStatus.RUNNING, now)
        return replace(after, cause=None)

    def _promote(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        return replace(rollout, wish=replace(rollout.wish, is_promote=True, by=actor.human, reason=request.reason))

    def _abort(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        return replace(rollout, wish=Wish(is_abort=True, by=actor.human, reason=request.reason, at=self._clock.now()))

    def _retry(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        now = self._clock.now()
        state = State.ROLLING_BACK if rollout.decided_at else state_of(rollout.step)
        return replace(rollout, state=state, state_since=now, step_since=now, cause=None, note=None)

    def _finish(self, session: Session, actor: Actor, rollout: Rollout, request: ActionRequest) -> Rollout:
        return replace(rollout, wish=replace(rollout.wish, is_finish=True, by=actor.human, reason=request.reason))


_CHANGES: dict[Action, Callable[[Actions, Session, Actor, Rollout, ActionRequest], Rollout]] = {
    Action.APPROVE: Actions._approve,
    Action.REJECT: Actions._reject,
    Action.PAUSE: Actions._pause,
    Action.RESUME: Actions._resume,
    Action.SKIP: Actions._skip,
    Action.PROMOTE: Actions._promote,
    Action.ABORT: Actions._abort,
    Action.RETRY: Actions._retry,
    Action.FINISH: Actions._finish,
}


def refusal_of(session: Session, actor: Actor, rollout: Rollout, action: Action) -> PortalError | None:
    """Why the action makes no sense now, or not by this person; permissions are looked at elsewhere."""
    if action not in possible_actions(rollout):
        return Refused("action_senseless", action=action, state=rollout.state)
    return _approval_refusal(session, actor, rollout) if action is Action.APPROVE else None


def _approval_refusal(session: Session, actor: Actor, rollout: Rollout) -> PortalError | None:
    if actor.human == rollout.requested_by:
        return Refused("approver_is_requester", actor=actor.human)
    role = catalogue.environment(session, rollout.environment).protection.approver_role
    if not any(grant.role in (role, Role.ADMINISTRATOR) for grant in actor.grants if grant.environment in ("*", rollout.environment)):
        return Refused("approver_role", role=role)
    given = rollouts.approvals(session, rollout.id)
    if any(a.by == actor.human and a.step == rollout.cursor and a.is_approved and not a.is_void for a in given):
        return Conflict("already_approved", actor=actor.human)
    return None
