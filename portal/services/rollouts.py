"""Rollouts as people use them: preview, start, watch, decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand, demand_proof, environments_with
from portal.domain.audit import AuditEntry
from portal.domain.deciding import PERMISSION_OF
from portal.domain.environment import Environment, freeze_at
from portal.domain.errors import Conflict, Invalid, PortalError, Refused
from portal.domain.lists import RolloutQuery
from portal.domain.page import Page
from portal.domain.plan import PLAN_VERSION, Plan, expected_seconds, resolve
from portal.domain.plan_text import parse_plan
from portal.domain.rollout import Action, Cause, Rollout, State, Wish
from portal.domain.rollout_view import Preview
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.ports.containers import Containers
from portal.services.audit import Audit
from portal.services.catalogue import plan_of
from portal.services.plans import read_plan, write_plan
from portal.services.rollout_actions import ActionRequest, Actions, withdraw_unconfirmed_share
from portal.services.rollout_settings import settings_for, settings_refusal, with_kept_settings
from portal.services.rollout_world import entry_refusal
from portal.store import (
    catalogue,
    deployments,
    idempotency,
    operations,
    releases,
    rollouts,
    routing,
    scaling,
    secret_pins,
)
from portal.store.database import Database
from portal.store.idempotency import Keyed

LONGEST_REASON = 500
MOST_AT_ONCE = 100
FOR_MANY = frozenset({Action.PAUSE, Action.RESUME, Action.ABORT})


@dataclass(frozen=True, slots=True)
class RolloutOrder:
    """What is to be rolled out. `plan` is text (YAML or JSON), plain values, or None for the environment's own plan.

    The same `key` again, by the same actor, gives the same rollout and starts nothing. `is_superseding` ends a
    rollout that is still running there (its traffic goes back to stable first).

    Settings are those of now; a return brings back those that the version had, or those of the snapshot
    `configuration`.
    """

    service: str
    environment: str
    version: str
    reason: str
    plan: object = None
    key: str = ""
    is_superseding: bool = False
    configuration: int = 0


class Rollouts:
    def __init__(
        self, database: Database, clock: Clock, audit: Audit, *, topics: Topics, containers: Containers
    ) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self._topics, self._containers = topics, containers
        self._actions = Actions(clock, audit)

    def page(self, actor: Actor, query: RolloutQuery) -> Page[Rollout]:
        """Those that fit, of the environments in which the actor may see anything. Invalid("sort_bad")."""
        demand(actor, Permission.VIEW, query.environment or None)
        with self._database.reading() as session:
            return rollouts.page(session, query, environments_with(actor, Permission.VIEW))

    def rollout(self, actor: Actor, rollout_id: int) -> Rollout:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            rollout = rollouts.get(session, rollout_id)
        demand(actor, Permission.VIEW, rollout.environment)
        return rollout

    def preview(self, actor: Actor, order: RolloutOrder) -> Preview:
        """What a start would do, and what forbids it. Invalid(…) if the plan itself is wrong."""
        demand(actor, Permission.VIEW, order.environment)
        with self._database.reading() as session:
            draft = self._draft(session, actor, order, is_return=False)
            environment = catalogue.environment(session, order.environment)
            refusal = self._refusal(session, draft, environment, is_superseding=order.is_superseding)
            window = freeze_at(catalogue.freezes(session), environment.name, self._clock.now())
        warnings = (Cause("frozen", {"window": window.name}),) if window else ()
        seconds = expected_seconds(draft.steps)
        return Preview(draft.plan, write_plan(draft.plan), draft.steps, seconds, draft.from_version, refusal, warnings)

    def start(self, actor: Actor, order: RolloutOrder) -> Rollout:
        """Start a rollout: it is stored and worked on from here on, whatever happens to this process."""
        demand(actor, Permission.ROLLOUT_START, order.environment)
        return self._start(actor, order, is_return=False)

    def roll_back(self, actor: Actor, order: RolloutOrder) -> Rollout:
        """Return to a version that ran there before: at once, without analysis, approval or freeze.

        Refused("never_ran_here") for a version that did not.
        """
        demand(actor, Permission.ROLLBACK, order.environment)
        return self._start(actor, order, is_return=True)

    def _start(self, actor: Actor, order: RolloutOrder, *, is_return: bool) -> Rollout:
        check_reason(order.reason)
        fingerprint = f"{order.service}@{order.environment}:{order.version}:{is_return}"
        fingerprint += f":{order.configuration}" if order.configuration else ""
        asked = Keyed(actor.name, order.key, fingerprint)
        with self._database.transaction() as session:
            known = idempotency.recall(session, asked) if order.key else None
            if known is not None:
                return rollouts.get(session, int(known))
            started = self._store(session, actor, order, is_return=is_return)
            if order.key:
                idempotency.remember(session, asked, answer=str(started.id), at=self._clock.now())
        self._tell(started)
        return started

    def _store(self, session: Session, actor: Actor, order: RolloutOrder, *, is_return: bool) -> Rollout:
        draft = with_kept_settings(session, self._draft(session, actor, order, is_return=is_return), self._clock.now())
        environment = catalogue.environment(session, order.environment)
        refusal = self._refusal(session, draft, environment, is_superseding=order.is_superseding or is_return)
        if refusal is not None:
            kind = Conflict if refusal.code == "rollout_running" else Refused
            raise kind(refusal.code, **refusal.params)
        now = self._clock.now()
        rollout_id = operations.add(session, kind="rollout", target=draft.target, plan_version=PLAN_VERSION, now=now)
        started = replace(draft, id=rollout_id)
        operations.add_steps(session, rollout_id, [step.kind for step in started.steps])
        rollouts.add(session, started)
        self._make_way(session, actor, started)
        action = "rollout.return_started" if is_return else "rollout.started"
        params = {
            "service": started.service,
            "version": started.to_version,
            "from": started.from_version,
            "strategy": str(started.strategy),
        }
        if started.from_configuration != started.to_configuration:
            params["configuration"] = str(started.to_configuration)
        entry = AuditEntry(
            actor.name,
            actor.kind,
            action,
            "rollout",
            str(rollout_id),
            environment=started.environment,
            reason=order.reason,
            params=params,
        )
        self._audit.record(session, entry)
        return started

    def _draft(self, session: Session, actor: Actor, order: RolloutOrder, *, is_return: bool) -> Rollout:
        """The rollout as it would be stored, without a number."""
        target, returns_to = (order.service, order.environment), order.version if is_return else ""
        settings = settings_for(session, target, returns_to=returns_to, number=order.configuration)
        place = settings.sized(catalogue.environment(session, order.environment))
        environment = scaling.scaled(session, order.service, place)
        release = releases.get(session, order.service, order.version)
        current = deployments.get(session, order.service, order.environment)
        plan = plan_from(order.plan, environment)
        now = self._clock.now()
        slot = current.slot if current else routing.stable_slot(session, order.service, order.environment)
        return Rollout(
            id=0,
            service=order.service,
            environment=order.environment,
            from_version=current.version if current else "",
            to_version=release.version,
            from_image=current.image if current else "",
            to_image=release.image,
            plan=plan,
            steps=resolve(plan, environment, is_first=current is None, is_return=is_return),
            slot=slot.other,
            state=State.QUEUED,
            requested_by=actor.human,
            reason=order.reason.strip(),
            created_at=now,
            state_since=now,
            step_since=now,
            is_irreversible=release.is_irreversible,
            is_return=is_return,
            from_configuration=current.configuration if current else 0,
            to_configuration=settings.number,
        )

    def _refusal(
        self, session: Session, draft: Rollout, environment: Environment, *, is_superseding: bool
    ) -> Cause | None:
        runs = (draft.service, draft.environment, str(draft.slot.other))
        is_as_before = draft.from_configuration == draft.to_configuration and not secret_pins.is_behind(session, runs)
        if draft.from_version == draft.to_version and is_as_before:
            return Cause("version_runs_already", {"version": draft.to_version, "environment": draft.environment})
        running = [r for r in rollouts.active(session) if r.target == draft.target]
        blocking = next((r for r in running if not _makes_way(r, is_superseding=is_superseding)), None)
        if blocking is not None:
            return Cause("rollout_running", {"id": str(blocking.id), "version": blocking.to_version})
        if catalogue.service(session, draft.service).is_archived:
            return Cause("service_archived", {"service": draft.service})
        if environment.is_archived:
            return Cause("environment_archived", {"environment": draft.environment})
        rival = routing.rival(session, catalogue.service(session, draft.service), environment)
        if rival:
            return Cause("route_taken", {"service": draft.service, "environment": draft.environment, "other": rival})
        if draft.is_return:
            return self._return_refusal(session, draft)
        unset = settings_refusal(session, draft)
        return unset or entry_refusal(session, draft, environment) or self._image_refusal(draft)

    def _return_refusal(self, session: Session, draft: Rollout) -> Cause | None:
        if rollouts.has_run(session, draft.service, draft.environment, image=draft.to_image):
            return self._image_refusal(draft)
        return Cause("never_ran_here", {"version": draft.to_version, "environment": draft.environment})

    def _image_refusal(self, draft: Rollout) -> Cause | None:
        try:
            self._containers.image(draft.to_image)
        except PortalError as error:
            return Cause(error.code, dict(error.params)) if error.code == "image_missing" else None
        return None

    def _make_way(self, session: Session, actor: Actor, started: Rollout) -> None:
        """A rollout that only keeps its old version warm is finished; one that still runs is superseded."""
        now = self._clock.now()
        for other in rollouts.active(session):
            if other.target != started.target or other.id == started.id:
                continue
            operations.wake(session, other.id)
            other = rollouts.get(session, other.id)  # noqa: PLW2901 - as it is now that nobody else works on it
            if other.state.is_over:
                continue
            if other.state is State.BAKING:
                wish = replace(other.wish, is_finish=True)
            else:
                withdraw_unconfirmed_share(session, other)
                wish = Wish(is_abort=True, is_supersede=True, by=actor.human, reason=started.reason, at=now)
            if not rollouts.change(session, other, replace(other, wish=wish)):
                raise Conflict("rollout_changed", id=other.id)

    def act(self, actor: Actor, rollout_id: int, action: Action, *, request: ActionRequest) -> Rollout:
        """Approve, reject, pause, resume, skip, promote, abort, retry or finish. Each needs a reason and is audited.

        Refused(…) if the actor may not or it makes no sense now; Conflict("evidence_changed") for an approval of
        something else than is the case; the same `key` again does nothing.
        """
        check_reason(request.reason)
        with self._database.transaction() as session:
            operations.wake(session, rollout_id)  # first, for this is the order in which the engine locks rows
            rollout = rollouts.get(session, rollout_id)
            demand(actor, PERMISSION_OF[action], rollout.environment)
            asked = Keyed(actor.name, request.key, f"{rollout_id}:{action}")
            if request.key and idempotency.recall(session, asked) is not None:
                return rollout
            after = self._actions.perform(session, actor, rollout, action, request=request)
            if request.key:
                idempotency.remember(session, asked, answer=str(rollout_id), at=self._clock.now())
        self._tell(after)
        return after

    def act_on_each(
        self, actor: Actor, rollout_ids: Sequence[int], action: Action, *, reason: str
    ) -> tuple[tuple[int, PortalError | None], ...]:
        """Pause, resume or abort several, each by itself: for each number what stood in the way, None if nothing did.

        Invalid("too_many_at_once") past a hundred, Invalid("not_for_many") for an action that has to look at its one
        rollout first.
        """
        check_reason(reason)
        if action not in FOR_MANY:
            raise Invalid("not_for_many", field="action", action=action)
        if not 1 <= len(rollout_ids) <= MOST_AT_ONCE:
            raise Invalid("too_many_at_once", field="ids", limit=MOST_AT_ONCE)
        return tuple((number, self._try(actor, number, action, reason)) for number in dict.fromkeys(rollout_ids))

    def _try(self, actor: Actor, rollout_id: int, action: Action, reason: str) -> PortalError | None:
        try:
            self.act(actor, rollout_id, action, request=ActionRequest(reason))
        except PortalError as error:
            return error
        return None

    def break_glass(self, actor: Actor, rollout_id: int, reason: str) -> Rollout:
        """One of two people who let this rollout go on in spite of a freeze."""
        check_reason(reason)
        with self._database.transaction() as session:
            operations.wake(session, rollout_id)
            rollout = rollouts.get(session, rollout_id)
            demand(actor, Permission.BREAK_GLASS, rollout.environment)
            demand_proof(actor, self._clock.now())
            if rollout.state.is_over:
                raise Refused("action_senseless", action="break_glass", state=rollout.state)
            rollouts.add_break_glass(session, rollout_id, by=actor.human, reason=reason, at=self._clock.now())
            entry = AuditEntry(
                actor.name,
                actor.kind,
                "rollout.glass_broken",
                "rollout",
                str(rollout_id),
                environment=rollout.environment,
                reason=reason,
                params={"service": rollout.service},
            )
            self._audit.record(session, entry)
        self._tell(rollout)
        return rollout

    def _tell(self, rollout: Rollout) -> None:
        for topic in ("operations", "rollouts", f"rollout:{rollout.id}"):
            self._topics.publish(topic)


def _makes_way(rollout: Rollout, *, is_superseding: bool) -> bool:
    return rollout.state is State.BAKING or (is_superseding and not rollout.state.is_going_back)


def plan_from(written: object, environment: Environment) -> Plan:
    """The plan as given (text or plain values), or the environment's own."""
    if written is None or written == "":
        return plan_of(environment)
    return parse_plan(read_plan(written) if isinstance(written, str) else written)


def check_reason(reason: str) -> str:
    """Invalid("reason_missing") or Invalid("reason_too_long")."""
    if not reason.strip():
        raise Invalid("reason_missing", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason_too_long", field="reason", limit=LONGEST_REASON)
    return reason
