"""One rollout, live, and what a person decides about it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.errors import NotFound, PortalError
from portal.domain.rollout import Action, Rollout, State
from portal.domain.rollout_view import RolloutView
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder
from portal.web import arguments
from portal.web.policy import requires
from portal.web.presenters import actions, charts, rollout, steps, timeline, verdicts
from portal.web.presenters.actions import BREAK_GLASS, RETURN, Choice, Question
from portal.web.presenters.charts import ChartView
from portal.web.presenters.rollout import Change, Decision, Fact, Head, Traffic
from portal.web.presenters.steps import Stride
from portal.web.presenters.timeline import Line
from portal.web.presenters.verdicts import VerdictCard
from portal.web.shared import Shared
from portal.web.states.live import beats, put
from portal.web.states.proof import acting, objection
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

BUCKETS = 120
CONTROLS = (Action.PAUSE, Action.RESUME, Action.SKIP, Action.PROMOTE, Action.RETRY, Action.FINISH)
APPROVALS = (Action.APPROVE, Action.REJECT)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the page shows, made from one look at the rollout."""

    head: Head
    note: Words
    traffic: Traffic
    strides: list[Stride]
    choices: list[Choice]
    others: list[Choice]
    errors: ChartView
    latency: ChartView
    verdict: VerdictCard
    facts: list[Fact]
    decisions: list[Decision]
    approval_note: Words
    changes: list[Change]
    notes: str
    dependants: str
    way_back: Fact
    lines: list[Line]


_looks: Shared[Seen] = Shared()


class RolloutState(rx.State):
    is_loaded: bool = False
    missing: Words = Words()
    head: Head = Head()
    note: Words = Words()
    traffic: Traffic = Traffic()
    strides: list[Stride] = []
    choices: list[Choice] = []
    others: list[Choice] = []
    errors: ChartView = ChartView()
    latency: ChartView = ChartView()
    verdict: VerdictCard = VerdictCard()
    facts: list[Fact] = []
    decisions: list[Decision] = []
    approval_note: Words = Words()
    changes: list[Change] = []
    notes: str = ""
    dependants: str = ""
    way_back: Fact = Fact()
    lines: list[Line] = []
    question: Question = Question()
    trouble: Words = Words()

    @rx.event(background=True, supersedes=True)
    @requires(Permission.VIEW)
    async def watch(self) -> None:
        rollout_id = 0
        async with self:
            self.reset()
            try:
                rollout_id = arguments.number(arguments.segments(self, 1)[0])
            except NotFound as error:
                put(self, missing=error_words(error))
        shown: Seen | None = None
        async for _ in beats(self, f"rollout:{rollout_id}"):
            async with self:
                if self.missing:
                    return
                shown = await self._look(rollout_id, shown)

    async def _look(self, rollout_id: int, shown: Seen | None = None) -> Seen | None:
        """Bring the page up to date, unless it shows just that; what it shows then."""
        actor = await actor_of(self)
        try:
            seen = await _looks.get(
                (core().topics, actor, rollout_id),
                core().topics.version(f"rollout:{rollout_id}"),
                lambda: look(actor, rollout_id),
            )
        except NotFound as error:
            put(self, missing=error_words(error))
            return None
        except PortalError as error:
            tell(await self.get_state(SessionState), error_words(error), tone="bad")
            return shown
        if seen is not shown:
            put(self, is_loaded=True, **{name: getattr(seen, name) for name in Seen.__slots__})
        return seen

    @rx.event
    @requires(Permission.VIEW)
    async def ask(self, code: str) -> None:
        """Open the question for an action, with what is the case at this moment."""
        async with telling(self):
            arguments.choice(code, (*Action, RETURN, BREAK_GLASS))
            view = await asyncio.to_thread(core().views.view, await actor_of(self), self.head.line.id)
            self.trouble = Words()
            self.question = actions.question(view, code, key=secrets.token_hex(8))

    @rx.event
    @requires(Permission.VIEW)
    def dismiss(self) -> None:
        self.question = Question()

    @rx.event
    @requires(Permission.ROLLOUT_APPROVE)
    async def decide(self, form: dict[str, str]) -> None:
        await self._act(form, APPROVALS)

    @rx.event
    @requires(Permission.ROLLOUT_CONTROL)
    async def control(self, form: dict[str, str]) -> None:
        await self._act(form, CONTROLS)

    @rx.event
    @requires(Permission.ROLLOUT_ABORT)
    async def abort(self, form: dict[str, str]) -> None:
        await self._act(form, (Action.ABORT,))

    async def _act(self, form: object, allowed: tuple[Action, ...]) -> None:
        asked, rollout_id, actor = self.question, self.head.line.id, await actor_of(self)
        try:
            action = Action(arguments.choice(asked.code, allowed))
            reason = arguments.field(form, "reason")
            request = ActionRequest(reason, key=asked.key, evidence_hash=asked.evidence)
            await asyncio.to_thread(core().rollouts.act, actor, rollout_id, action, request=request)
        except PortalError as error:
            self.trouble = error_words(error)
            return
        self.question = Question()
        tell(await self.get_state(SessionState), words(f"done.{action}"))
        await self._look(rollout_id)

    @rx.event
    @requires(Permission.BREAK_GLASS)
    async def break_glass(self, form: dict[str, str]) -> None:
        """One of the two people who let this rollout pass a freeze."""
        asked, rollout_id = self.question, self.head.line.id
        try:
            arguments.choice(asked.code, (BREAK_GLASS,))
            actor, reason = await acting(self, form), arguments.field(form, "reason")
            await asyncio.to_thread(core().rollouts.break_glass, actor, rollout_id, reason)
        except PortalError as error:
            self.trouble = await objection(self, error)
            return
        self.question = Question()
        tell(await self.get_state(SessionState), words("done.break_glass"))
        await self._look(rollout_id)

    @rx.event
    @requires(Permission.ROLLBACK)
    async def go_back(self, form: dict[str, str]) -> object:
        """Return to the version before, after this rollout has ended."""
        asked, line, actor = self.question, self.head.line, await actor_of(self)
        try:
            arguments.choice(asked.code, (RETURN,))
            reason = arguments.field(form, "reason")
            order = RolloutOrder(line.service, line.place, line.from_version, reason, key=asked.key)
            started = await asyncio.to_thread(core().rollouts.roll_back, actor, order)
        except PortalError as error:
            self.trouble = error_words(error)
            return None
        return rx.redirect(f"/rollouts/{started.id}")


def look(actor: Actor, rollout_id: int) -> Seen:
    view = core().views.view(actor, rollout_id)
    points = core().views.points(actor, rollout_id, buckets=BUCKETS)
    marks = charts.shift_marks(view.steps)
    subject, changed = view.rollout, view.changes
    is_compared = subject.analysis.is_enabled and not (subject.is_first or subject.is_return)
    tolerance = subject.analysis.error_tolerance if is_compared else None
    return Seen(
        head=rollout.head(view),
        note=rollout.waiting_for(view),
        traffic=rollout.traffic(view),
        strides=steps.strides(view.steps, subject.cursor, is_over=subject.state.is_over),
        choices=actions.choices(view, can_return=can_return(actor, view), can_break_glass=can_break_glass(actor, view)),
        others=actions.others(view),
        errors=charts.error_chart(points, marks, tolerance=tolerance),
        latency=charts.latency_chart(points, marks),
        verdict=verdicts.verdict_card(view.verdict, subject),
        facts=rollout.facts(view),
        decisions=rollout.decisions(view),
        approval_note=rollout.approval_note(view),
        changes=rollout.changes(changed),
        notes=changed.notes[:2000] if changed else "",
        dependants=", ".join(changed.dependants) if changed else "",
        way_back=rollout.way_back(view),
        lines=timeline.lines(view.timeline),
    )


def can_break_glass(actor: Actor, view: RolloutView) -> bool:
    """Whether a freeze holds this rollout, and the person may be one of the two who let it pass."""
    if not view.frozen_by or view.rollout.state.is_over or actor.human in view.break_glass_by:
        return False
    return may(actor, Permission.BREAK_GLASS, view.rollout.environment)


def can_return(actor: Actor, view: RolloutView) -> bool:
    """Whether this rollout has ended with the new version, which still runs, and the person may take it back."""
    ended: Rollout = view.rollout
    if ended.state is not State.SUCCEEDED or ended.is_first:
        return False
    if not may(actor, Permission.ROLLBACK, ended.environment):
        return False
    running = core().releases.where_running(actor, ended.service, ended.to_version)
    return any(deployment.environment == ended.environment for deployment in running)
