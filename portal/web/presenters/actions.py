"""The actions on a rollout: what each does if pressed, and why not if it cannot be."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.plan import StepKind
from portal.domain.rollout import Action, Rollout, State, state_of
from portal.domain.rollout_view import RolloutView
from portal.web.presenters.marks import state_words
from portal.web.words import Words, words

SENSELESS = "action_senseless"
RETURN = "return"
BREAK_GLASS = "break_glass"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button. `tone` is primary, danger or quiet; `refusal` says why it is shown but cannot be pressed."""

    code: str
    label: Words
    icon: str
    tone: str = "quiet"
    refusal: Words = Words()


@dataclass(frozen=True, slots=True)
class Question:
    """Asked before an action: what will happen, and for a reason. An approval is bound to the evidence shown here."""

    code: str = ""
    title: Words = Words()
    consequence: Words = Words()
    button: Words = Words()
    tone: str = "primary"
    evidence: str = ""
    key: str = ""


_ICONS = {
    Action.APPROVE: "check",
    Action.REJECT: "x",
    Action.PAUSE: "pause",
    Action.RESUME: "play",
    Action.SKIP: "skip-forward",
    Action.PROMOTE: "chevrons-right",
    Action.ABORT: "undo",
    Action.RETRY: "refresh-cw",
    Action.FINISH: "flame",
}
_ORDER = (
    Action.APPROVE,
    Action.RESUME,
    Action.RETRY,
    Action.FINISH,
    Action.REJECT,
    Action.PAUSE,
    Action.SKIP,
    Action.PROMOTE,
    Action.ABORT,
)
_PRIMARY = (Action.APPROVE, Action.RESUME, Action.RETRY)


def choices(view: RolloutView, *, can_return: bool, can_break_glass: bool = False) -> list[Choice]:
    """What the person may do now, the likeliest first and filled; an approval that is not theirs says why."""
    found: list[Choice] = []
    for action in _ORDER:
        code = view.refusals.get(action, SENSELESS)
        if code == SENSELESS or (code is not None and action is not Action.APPROVE):
            continue
        is_first = not found and action in _PRIMARY and code is None
        tone = "primary" if is_first else ("danger" if action in (Action.ABORT, Action.REJECT) else "quiet")
        found.append(Choice(action, _label(view.rollout, action), _ICONS[action], tone, _why_not(view, action, code)))
    if can_return:
        label = words("action.return_to", version=view.rollout.from_version)
        found.append(Choice(RETURN, label, "undo", "danger"))
    if can_break_glass:
        found.append(Choice(BREAK_GLASS, words("action.break_glass"), "flame", "danger"))
    return found


def others(view: RolloutView) -> list[Choice]:
    """The actions that make no sense now or are not this person's, each with the reason, so that nobody searches."""
    if view.rollout.state.is_over:
        return []
    refused = {a: view.refusals.get(a, SENSELESS) for a in _ORDER}
    return [
        Choice(a, words(f"action.{a}"), _ICONS[a], refusal=_why_not(view, a, code))
        for a, code in refused.items()
        if code == SENSELESS or (code is not None and a is not Action.APPROVE)
    ]


def question(view: RolloutView, code: str, *, key: str) -> Question:
    rollout = view.rollout
    if code == RETURN:
        title = words("action.return_to", version=rollout.from_version)
        told = words("ask.return", version=rollout.from_version)
        return Question(RETURN, title, told, title, "danger", key=key)
    if code == BREAK_GLASS:
        title = words("action.break_glass")
        told = words("ask.break_glass", window=view.frozen_by, have=len(view.break_glass_by))
        return Question(BREAK_GLASS, title, told, title, "danger", key=key)
    action = Action(code)
    label = _label(rollout, action)
    told = words(
        _consequence(rollout, action), version=rollout.from_version, next=_next(rollout), new=rollout.to_version
    )
    tone = "danger" if action in (Action.ABORT, Action.REJECT) else "primary"
    evidence = view.evidence_hash if action in (Action.APPROVE, Action.REJECT) else ""
    return Question(action, label, told, label, tone, evidence, key)


def _label(rollout: Rollout, action: Action) -> Words:
    if action is Action.APPROVE:
        share = _next_share(rollout)
        return words("action.approve_to", n=share) if share else words("action.approve")
    if action is Action.ABORT and rollout.percent == 0 and rollout.state is not State.BAKING:
        return words("action.abort_start")
    return words(f"action.{action}")


def _consequence(rollout: Rollout, action: Action) -> str:
    if action is Action.ABORT:
        return "ask.abort_first" if rollout.is_first else ("ask.abort" if rollout.percent else "ask.abort_start")
    return f"ask.{action}"


def _next_share(rollout: Rollout) -> int:
    """The share that comes after an approval that is the only one missing; 0 if it is not the next thing."""
    following = rollout.steps[rollout.cursor + 1 :]
    if rollout.step.kind is not StepKind.APPROVAL or not following:
        return 0
    return following[0].percent if following[0].kind is StepKind.SHIFT else 0


def _next(rollout: Rollout) -> Words:
    following = rollout.steps[min(rollout.cursor + 1, len(rollout.steps) - 1)]
    if following.kind is StepKind.SHIFT:
        return words("ask.next_share", n=following.percent)
    return words(f"state.{state_of(following)}")


def _why_not(view: RolloutView, action: Action, code: str | None) -> Words:
    if code is None:
        return Words()
    if code == SENSELESS:
        return words("action.not_now", state=state_words(view.rollout))
    rollout = view.rollout
    return words(f"why_not.{code}", who=rollout.requested_by, action=words(f"action.{action}"))
