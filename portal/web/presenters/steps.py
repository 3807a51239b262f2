"""The steps of a rollout as people count them: a shift with the watching after it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.operation import StepStatus
from portal.domain.plan import Step, StepKind
from portal.domain.rollout_view import StepView
from portal.web.presenters.marks import duration_words
from portal.web.words import Words, same, words

_JOINS = {
    StepKind.GATE: (StepKind.PREPARE,),
    StepKind.OBSERVE: (StepKind.SHIFT,),
    StepKind.RETIRE: (StepKind.SHIFT, StepKind.OBSERVE),
    StepKind.FINALISE: (StepKind.BAKE,),
}


@dataclass(frozen=True, slots=True)
class Stride:
    """One mark on the way. `status` is done, now, next, skipped or failed."""

    number: int
    title: Words
    detail: Words
    status: str = "next"


def strides(views: Sequence[StepView], cursor: int, *, is_over: bool) -> list[Stride]:
    """What has been done, what is being done and what comes."""
    return [
        Stride(number, _title(group), _detail(group), _status(group, indexes, cursor, is_over=is_over))
        for number, (group, indexes) in enumerate(_groups(views), 1)
    ]


def plan_strides(steps: Sequence[Step]) -> list[Stride]:
    """The same for a plan that has not been started."""
    views = [StepView(step, StepStatus.PENDING) for step in steps]
    return [Stride(number, _title(group), _detail(group)) for number, (group, _) in enumerate(_groups(views), 1)]


def position(views: Sequence[StepView], cursor: int) -> tuple[int, int]:
    """(3, 5): the third of five."""
    groups = _groups(views)
    here = next((number for number, (_, indexes) in enumerate(groups, 1) if cursor in indexes), len(groups))
    return here, len(groups)


def _groups(views: Sequence[StepView]) -> list[tuple[list[StepView], list[int]]]:
    groups: list[tuple[list[StepView], list[int]]] = []
    for index, view in enumerate(views):
        kind = view.step.kind
        if groups and groups[-1][0][-1].step.kind in _JOINS.get(kind, ()):
            groups[-1][0].append(view)
            groups[-1][1].append(index)
        else:
            groups.append(([view], [index]))
    return groups


def _status(group: list[StepView], indexes: list[int], cursor: int, *, is_over: bool) -> str:
    statuses = {view.status for view in group}
    if StepStatus.FAILED in statuses:
        return "failed"
    if cursor in indexes and not is_over:
        return "now"
    if statuses <= {StepStatus.DONE, StepStatus.SKIPPED}:
        return "skipped" if statuses == {StepStatus.SKIPPED} else "done"
    return "failed" if is_over and cursor in indexes else "next"


def _title(group: list[StepView]) -> Words:
    step = group[0].step
    match step.kind:
        case StepKind.SHIFT:
            return same(f"{step.percent}\N{NARROW NO-BREAK SPACE}%")
        case StepKind.ADAPT:
            return same(f"{step.percent} \N{RIGHTWARDS ARROW} {step.ceiling}\N{NARROW NO-BREAK SPACE}%")
        case _:
            return words(f"stride.{step.kind}")


def _detail(group: list[StepView]) -> Words:
    step = group[0].step
    seconds = max(view.step.seconds for view in group)
    match step.kind:
        case StepKind.PREPARE:
            return words("stride.replicas", n=step.replicas)
        case StepKind.APPROVAL:
            return words("stride.people", n=step.approvals)
        case StepKind.ADAPT:
            return words("stride.by_evidence")
        case StepKind.BAKE:
            return duration_words(seconds) if seconds else words("stride.at_once")
        case StepKind.SHIFT if seconds:
            return words("stride.watched", time=duration_words(seconds))
        case StepKind.PAUSE:
            return duration_words(seconds) if seconds else words("stride.until_resumed")
        case _:
            return words("stride.all" if step.percent == 100 else "stride.at_once")
