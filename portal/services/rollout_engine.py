"""The engine that takes rollouts forward and back: claim, look, do one thing, look again.

One look: (1) read the rollout and the facts, (2) ask `domain.rollout_advance.advance`, (3) journal the intent of an
effect under the fence, (4) check the fence once more, (5) perform it, (6) journal the end; or change the state by
compare-and-set, with its audit entry, in one transaction. Whatever dies in between, the next look finds the world
as it is and goes on from there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.domain.errors import Conflict, PortalError, Unavailable
from portal.domain.operation import Claim, StepStatus
from portal.domain.plan import StepKind
from portal.domain.rollout import Cause, Rollout, State, Wish
from portal.domain.rollout_advance import advance, after_step
from portal.domain.rollout_facts import Advance, Do, EffectKind, Facts, Move, Wait
from portal.kit import failpoints
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.rollout_effects import Effects
from portal.services.rollout_evidence import evidence_hash
from portal.services.rollout_outcome import deployment_of, last_answer_ms, put_back
from portal.services.rollout_world import World
from portal.store import deployments, operations, rollouts
from portal.store.database import Database
from portal.store.tables import EffectRow

LOOKS = 200
PACE_SECONDS = 0.1
SLOWEST_RETRY_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RolloutEngine:
    database: Database
    clock: Clock
    audit: Audit
    topics: Topics
    world: World
    effects: Effects

    def work(self, claim: Claim) -> float:
        """Look again and again until there is nothing to do now; in how many seconds to come back.

        Conflict("claim_lost") if somebody else has taken over: nothing more is done then.
        """
        for _ in range(LOOKS):
            seconds = self.look(claim)
            if seconds is not None:
                return seconds
        return PACE_SECONDS

    def look(self, claim: Claim) -> float | None:
        """One look and the one thing that follows from it; None if there is more to do at once."""
        with self.database.reading() as session:
            rollout = rollouts.get(session, claim.operation_id)
        if rollout.state.is_over:
            return self._end(claim)
        facts = self.world.facts(rollout)
        self._rebind_approvals(rollout, facts)
        decision = advance(rollout, facts, self.clock.now())
        match decision:
            case Wait():
                self._note(rollout, decision.note)
                return decision.seconds
            case Do():
                return self._do(claim, rollout, decision)
            case Advance():
                return self._step_on(claim, rollout, decision, facts=facts)
            case Move(state=State.ROLLING_BACK) if rollout.percent > 0 and facts.stable_up > 0:
                return self._retreat(claim, rollout, decision)
            case Move():
                return self._move(claim, rollout, decision, facts=facts)

    def _retreat(self, claim: Claim, rollout: Rollout, move: Move) -> float | None:
        """Go back at once: the change of state and the intent to take all traffic away are one transaction."""
        now = self.clock.now()
        after, effect = replace(_moved(rollout, move, now), percent=0), Do(EffectKind.SHIFT, percent=0)
        try:
            failpoints.hit("rollout.retreat.before")
            with self.database.transaction() as session:
                journal = operations.begin_effect(session, claim, _journal_row(claim, effect, now))
                if not rollouts.change(session, rollout, after):
                    return None
                self.effects.intend(session, rollout, effect)
                self._journal_move(session, rollout, after, now)
            failpoints.hit("rollout.retreat.intended")
            self._guard(claim)
            self.effects.perform(after, effect)
            failpoints.hit("rollout.retreat.performed")
            self._finish(claim, after, effect, journal)
        except PortalError as error:
            return self._failed(claim, after, error)
        self._tell(after)
        return None

    def _do(self, claim: Claim, rollout: Rollout, effect: Do) -> float | None:
        if effect.effect is EffectKind.APPLY:
            return self._stride(claim, rollout, effect)
        if effect.effect is EffectKind.LOCK:
            return self._take_lock(claim, rollout)
        name = f"rollout.{effect.effect}"
        try:
            failpoints.hit(f"{name}.before")
            journal = self._begin(claim, rollout, effect)
            failpoints.hit(f"{name}.intended")
            self._guard(claim)
            self.effects.perform(rollout, effect)
            failpoints.hit(f"{name}.performed")
            self._finish(claim, rollout, effect, journal)
            failpoints.hit(f"{name}.after")
        except PortalError as error:
            return self._failed(claim, rollout, error)
        self._tell(rollout)
        return None

    def _stride(self, claim: Claim, rollout: Rollout, effect: Do) -> float:
        try:
            self._guard(claim)
            self.effects.perform(rollout, effect)
        except PortalError as error:
            return self._failed(claim, rollout, error) or PACE_SECONDS
        return PACE_SECONDS

    def _take_lock(self, claim: Claim, rollout: Rollout) -> float | None:
        failpoints.hit("rollout.lock.before")
        with self.database.transaction() as session:
            operations.lock_row(session, claim)
            is_ours = operations.take_lock(session, rollout.id, rollout.target)
        failpoints.hit("rollout.lock.after")
        return None if is_ours else 1.0

    def _begin(self, claim: Claim, rollout: Rollout, effect: Do) -> int:
        now = self.clock.now()
        with self.database.transaction() as session:
            journal = operations.begin_effect(session, claim, _journal_row(claim, effect, now))
            self.effects.intend(session, rollout, effect)
            if effect.effect is EffectKind.SHIFT:
                after = _shifted(rollout, effect.percent, now)
                if not rollouts.change(session, rollout, after):
                    raise Conflict("rollout_changed", id=rollout.id)
                self._record(
                    session, after, "rollout.shifted", {"percent": str(effect.percent), "from": str(rollout.percent)}
                )
        return journal

    def _finish(self, claim: Claim, rollout: Rollout, effect: Do, journal: int) -> None:
        with self.database.transaction() as session:
            operations.end_effect(session, claim, journal, self.clock.now())
            self.effects.settle(session, rollout, effect)

    def _guard(self, claim: Claim) -> None:
        with self.database.reading() as session:
            operations.guard(session, claim)

    def _failed(self, claim: Claim, rollout: Rollout, error: PortalError) -> float | None:
        """An effect failed: try again if that may help, else the rollout ends where traffic is safe."""
        if isinstance(error, Conflict) and error.code == "claim_lost":
            raise error
        if isinstance(error, Conflict) and error.code in ("rollout_changed", "routing_stale"):
            return None
        with self.database.reading() as session:  # the intent may have changed it
            rollout = rollouts.get(session, rollout.id)
        cause = Cause(error.code, dict(error.params))
        _log.warning("effect failed", extra={"rollout": rollout.id, "code": error.code, "params": error.params})
        is_transient = isinstance(error, Unavailable) and error.is_transient
        if is_transient or rollout.state.is_going_back or rollout.is_promoted:
            return self._retry_later(rollout, cause)
        return self._move(claim, rollout, Move(State.ROLLING_BACK, cause))

    def _retry_later(self, rollout: Rollout, cause: Cause) -> float:
        with self.database.transaction() as session:
            rollouts.change(session, rollout, replace(rollout, retries=rollout.retries + 1, note=cause))
        self._tell(rollout)
        return min(SLOWEST_RETRY_SECONDS, 0.25 * 2 ** min(rollout.retries, 6))

    def _note(self, rollout: Rollout, note: Cause | None) -> None:
        if note == rollout.note:
            return
        with self.database.transaction() as session:
            rollouts.change(session, rollout, replace(rollout, note=note))
        self._tell(rollout)

    def _step_on(self, claim: Claim, rollout: Rollout, decision: Advance, *, facts: Facts) -> None:
        now = self.clock.now()
        after = after_step(rollout, now)
        with self.database.transaction() as session:
            operations.lock_row(session, claim)
            if not rollouts.change(session, rollout, after):
                return
            status = StepStatus.SKIPPED if decision.is_skipped else StepStatus.DONE
            operations.set_step(session, rollout.id, rollout.cursor, status=status, now=now)
            operations.set_step(session, rollout.id, after.cursor, status=StepStatus.RUNNING, now=now)
            action = "rollout.step_skipped" if decision.is_skipped else "rollout.step_done"
            self._record(session, rollout, action, {"step": str(rollout.cursor + 1), "kind": rollout.step.kind})
            _bind(session, after, facts)
            if after.is_promoted and not rollout.is_promoted:
                self._promoted(session, after, now)
        failpoints.hit("rollout.step.after")
        self._tell(rollout)

    def _promoted(self, session: Session, rollout: Rollout, now: datetime) -> None:
        deployments.put(session, deployment_of(rollout, now, is_new=True))
        self._record(session, rollout, "rollout.promoted", {"version": rollout.to_version})

    def _move(self, claim: Claim, rollout: Rollout, move: Move, *, facts: Facts | None = None) -> float | None:
        now = self.clock.now()
        after = _moved(rollout, move, now)
        with self.database.transaction() as session:
            operations.lock_row(session, claim)
            if after.state.is_over:
                after = replace(after, last_answer_ms=last_answer_ms(session, after))
            if not rollouts.change(session, rollout, after):
                return None
            _bind(session, after, facts or Facts())
            self._journal_move(session, rollout, after, now)
        failpoints.hit("rollout.move.after")
        self._tell(rollout)
        return None

    def _journal_move(self, session: Session, before: Rollout, after: Rollout, now: datetime) -> None:
        if after.state.is_going_back and not before.state.is_going_back:
            operations.set_step(session, after.id, after.cursor, status=StepStatus.FAILED, now=now)
        elif move_starts_step(before, after):
            operations.set_step(session, after.id, after.cursor, status=StepStatus.RUNNING, now=now)
        if after.state is State.SUCCEEDED:
            operations.set_step(session, after.id, after.cursor, status=StepStatus.DONE, now=now)
        if after.state in (State.ABORTED, State.SUPERSEDED) and before.is_promoted:
            put_back(session, after, now)
        params = {"state": str(after.state), "from": str(before.state), **_cause_params(after.cause)}
        self._record(session, after, f"rollout.{after.state}", params)

    def _rebind_approvals(self, rollout: Rollout, facts: Facts) -> None:
        """Approvals hold for the evidence that was shown; when that changes, they are void, and it is said so."""
        if rollout.state is not State.AWAITING_APPROVAL:
            return
        digest = _evidence_hash(rollout, facts)
        with self.database.transaction() as session:
            if rollouts.evidence(session, rollout.id)[2] == digest:
                return
            rollouts.put_evidence_hash(session, rollout.id, digest)
            if rollouts.void_approvals(session, rollout.id, keep_hash=digest):
                self._record(session, rollout, "rollout.approvals_void", {"evidence": digest})
        self._tell(rollout)

    def _end(self, claim: Claim) -> float:
        with self.database.transaction() as session:
            operations.lock_row(session, claim)
            operations.end(session, claim.operation_id)
        self.topics.publish("operations")
        return 3600.0

    def _record(self, session: Session, rollout: Rollout, action: str, params: dict[str, str]) -> None:
        entry = AuditEntry(
            SYSTEM.name,
            SYSTEM.kind,
            action,
            "rollout",
            str(rollout.id),
            environment=rollout.environment,
            params={"service": rollout.service, **params},
        )
        self.audit.record(session, entry)

    def _tell(self, rollout: Rollout) -> None:
        self.topics.publish("rollouts")
        self.topics.publish(f"rollout:{rollout.id}")


def _shifted(rollout: Rollout, percent: int, now: datetime) -> Rollout:
    """Where the evidence moves the share, each share is watched anew."""
    since = now if rollout.step.kind is StepKind.ADAPT else rollout.step_since
    return replace(rollout, percent=percent, step_since=since)


def _journal_row(claim: Claim, effect: Do, now: datetime) -> EffectRow:
    return EffectRow(
        operation_id=claim.operation_id,
        effect=effect.effect,
        name=effect.name,
        percent=effect.percent,
        fence=claim.fence,
        started_at=now,
    )


def _evidence_hash(rollout: Rollout, facts: Facts) -> str:
    return evidence_hash(rollout, facts.verdict, harm=sum(r.restarts for r in facts.candidate))


def _bind(session: Session, rollout: Rollout, facts: Facts) -> None:
    """From its first moment on, an approval step says what an approval will be bound to."""
    if rollout.state is State.AWAITING_APPROVAL:
        rollouts.put_evidence_hash(session, rollout.id, _evidence_hash(rollout, facts))


def move_starts_step(before: Rollout, after: Rollout) -> bool:
    return before.state in (State.QUEUED, State.PAUSED, State.HALTED) and not after.state.is_over


def _moved(rollout: Rollout, move: Move, now: datetime) -> Rollout:
    is_back = move.state is State.ROLLING_BACK
    return replace(
        rollout,
        state=move.state,
        state_since=now,
        step_since=now if move.is_restart or is_back else rollout.step_since,
        pause=move.pause,
        cause=move.cause or (rollout.cause if move.state.is_going_back or move.state.is_over else None),
        note=None,
        wish=Wish() if move.state is State.HALTED else rollout.wish,
        retries=0,
        decided_at=(rollout.wish.at if rollout.wish.is_abort else now) if is_back else rollout.decided_at,
        ended_at=now if move.state.is_over else None,
    )


def _cause_params(cause: Cause | None) -> dict[str, str]:
    return {"cause": cause.code, **cause.params} if cause else {}
