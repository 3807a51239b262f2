"""One rollout, live, and what a person decides about it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

import reflex as rx

from portal.domain.access import Actor, Permission, may
from portal.domain.errors import NotFound, PortalError
from portal.domain.rollout import Action, Rollout, State
from portal.domain.rollout_view import RolloutView, SamplePoint
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder
from portal.web import arguments
from portal.web.lookout import Lookout
from portal.web.notes import short_notes_html
from portal.web.policy import requires
from portal.web.presenters import actions, charts, rollout, steps, timeline, verdicts
from portal.web.presenters.actions import BREAK_GLASS, RETURN, Choice, Question
from portal.web.presenters.charts import ChartView
from portal.web.presenters.rollout import Change, Decision, Fact, Head, Traffic
from portal.web.presenters.steps import Stride
from portal.web.presenters.timeline import Line
from portal.web.presenters.verdicts import VerdictCard
from portal.web.sight import Sight
from portal.web.states.live import keep, looks, put
from portal.web.states.proof import acting, objection
from portal.web.states.session import SessionState, actor_of, tell, telling
from portal.web.words import Words, error_words, words
from portal.wiring import core

CONTROLS = (Action.PAUSE, Action.RESUME, Action.SKIP, Action.PROMOTE, Action.RETRY, Action.FINISH)
APPROVALS = (Action.APPROVE, Action.REJECT)


class Scene:
    """A rollout as it is for everybody, and what was made of it for the people who look."""

    __slots__ = ("sight", "sights", "view")

    def __init__(self, view: RolloutView, sight: Sight) -> None:
        self.view, self.sight = view, sight
        self.sights: dict[Actor, Sight] = {}


def _scene(rollout_id: int, former: Scene | None) -> Scene:
    view, points = core().views.everybodys(rollout_id)
    sight = Sight(for_everybody(view, points)).following(former.sight if former else None)
    is_same = former is not None and view == former.view and sight.is_like(former.sight)
    return former if is_same and former is not None else Scene(view, sight)


_scenes: Lookout[int, Scene] = Lookout(_scene, topic=lambda rollout_id: f"rollout:{rollout_id}")


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
    notes_html: str = ""
    dependants: str = ""
    way_back: Fact = Fact()
    lines: list[Line] = []
    question: Question = Question()
    trouble: Words = Words()
    _sight: Sight | None = None

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
        if not rollout_id:
            return
        async for tab, actor, found in looks(self, _scenes, lambda _: rollout_id):
            if isinstance(found, NotFound):
                async with self:
                    put(self, missing=error_words(found))
                return
            try:
                await tab.show(as_seen_by(actor, scene_of(found)))
            except PortalError as error:
                async with self:
                    tell(await self.get_state(SessionState), error_words(error), tone="bad")

    async def _look(self, rollout_id: int) -> None:
        """Bring the page up to date after an action."""
        actor = await actor_of(self)
        async with telling(self):
            keep(self, as_seen_by(actor, await asyncio.to_thread(_scene, rollout_id, None)))

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


def scene_of(found: Scene | PortalError) -> Scene:
    """Raises what stood in the way."""
    if isinstance(found, PortalError):
        raise found
    return found


def as_seen_by(actor: Actor, scene: Scene) -> Sight:
    """With what this person may do; who has the same name and rights sees the same. Refused("not_allowed")."""
    if actor not in scene.sights:
        view = core().views.seen_by(actor, scene.view)
        own: dict[str, object] = {
            "choices": actions.choices(
                view, can_return=can_return(actor, view), can_break_glass=can_break_glass(actor, view)
            ),
            "others": actions.others(view),
        }
        scene.sights[actor] = Sight(own, base=scene.sight)
    return scene.sights[actor]


def for_everybody(view: RolloutView, points: Sequence[SamplePoint]) -> dict[str, object]:
    """What the page shows whoever looks."""
    marks = charts.shift_marks(view.steps)
    subject, changed = view.rollout, view.changes
    is_compared = subject.analysis.is_enabled and not (subject.is_first or subject.is_return)
    tolerance = subject.analysis.error_tolerance if is_compared else None
    return {
        "is_loaded": True,
        "head": rollout.head(view),
        "note": rollout.waiting_for(view),
        "traffic": rollout.traffic(view),
        "strides": steps.strides(view.steps, subject.cursor, is_over=subject.state.is_over),
        "errors": charts.error_chart(points, marks, tolerance=tolerance),
        "latency": charts.latency_chart(points, marks),
        "verdict": verdicts.verdict_card(view.verdict, subject),
        "facts": rollout.facts(view),
        "decisions": rollout.decisions(view),
        "approval_note": rollout.approval_note(view),
        "changes": rollout.changes(changed),
        "notes_html": short_notes_html(changed.notes) if changed else "",
        "dependants": ", ".join(changed.dependants) if changed else "",
        "way_back": rollout.way_back(view),
        "lines": timeline.lines(view.timeline),
    }


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
    return view.is_running and may(actor, Permission.ROLLBACK, ended.environment)
