"""What the pages of operations show: long work, how far it is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.job import Job, JobState
from portal.domain.operation import OperationStep, StepStatus
from portal.services.jobs import JobView
from portal.web.presenters.containers import size
from portal.web.presenters.marks import BAD, IDLE, OK, RUN, WARN, Badge, environment_words, epoch
from portal.web.presenters.steps import Stride
from portal.web.words import Words, has_words, same, words

_STATES: dict[JobState, tuple[str, str]] = {
    JobState.WAITING: (IDLE, "clock"),
    JobState.RUNNING: (RUN, "loader"),
    JobState.SUCCEEDED: (OK, "check"),
    JobState.FAILED: (BAD, "x"),
    JobState.CANCELLED: (IDLE, "undo"),
}
_STEPS = {
    StepStatus.PENDING: "next",
    StepStatus.RUNNING: "now",
    StepStatus.DONE: "done",
    StepStatus.SKIPPED: "skipped",
    StepStatus.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class OperationLine:
    """`percent` is that of the present step, -1 if nobody knows; `ended_at` is 0 while it is not over."""

    id: int = 0
    href: str = ""
    kind: Words = Words()
    target: str = ""
    environment: Words = Words()
    person: str = ""
    badge: Badge = Badge()
    percent: float = -1.0
    progress: Words = Words()
    created_at: float = 0.0
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class OperationCard:
    line: OperationLine = OperationLine()
    reason: str = ""
    trouble: Words = Words()
    is_active: bool = False
    can_cancel: bool = False
    can_retry: bool = False


def kind_label(kind: str) -> Words:
    return words(f"job.{kind}") if has_words(f"job.{kind}") else same(kind)


def state_label(state: str) -> Words:
    return words(f"job_state.{state}")


def operation_line(job: Job) -> OperationLine:
    tone, icon = _STATES[job.state]
    is_leaving = job.is_unwanted and not job.state.is_over
    leaving = Badge(WARN, "loader", words("job_state.cancelling"))
    return OperationLine(
        id=job.id,
        href=f"/operations/{job.id}",
        kind=kind_label(job.kind),
        target=job.target,
        environment=environment_words(job.environment) if job.environment else words("operations.whole_portal"),
        person=job.requested_by,
        badge=leaving if is_leaving else Badge(tone, icon, state_label(job.state)),
        percent=-1.0 if job.percent is None or job.state.is_over else float(job.percent),
        progress=_progress(job),
        created_at=job.created_at.timestamp(),
        ended_at=epoch(job.ended_at),
    )


def _progress(job: Job) -> Words:
    if job.state is not JobState.RUNNING or not (job.done or job.total):
        return Words()
    key = "operations.done_of" if job.total else "operations.done"
    if job.unit == "bytes":
        return words(key, done=size(int(job.done)), total=size(int(job.total)), unit=Words())
    unit = f"job_unit.{job.unit}"
    name = words(unit) if has_words(unit) else same(job.unit)
    return words(key, done=f"{job.done:,.0f}", total=f"{job.total:,.0f}", unit=name)


def operation_card(view: JobView) -> OperationCard:
    job = view.job
    code = f"error.{job.error_code}"
    trouble = words(code, **job.error_params) if job.error_code and has_words(code) else same(job.error_code)
    return OperationCard(
        line=operation_line(job),
        reason=job.reason,
        trouble=trouble,
        is_active=not job.state.is_over,
        can_cancel=view.can_cancel,
        can_retry=view.can_retry,
    )


def strides(view: JobView) -> list[Stride]:
    return [_stride(number, step, view.job) for number, step in enumerate(view.steps, 1)]


def _stride(number: int, step: OperationStep, job: Job) -> Stride:
    key = f"job_step.{step.name}"
    is_now = step.status is StepStatus.RUNNING and not job.state.is_over
    status = _STEPS[step.status] if step.status is not StepStatus.RUNNING or is_now else "failed"
    detail = _progress(job) if is_now else Words()
    if step.attempts > 1 and not detail.en:
        detail = words("operations.attempts", n=step.attempts)
    return Stride(number, words(key) if has_words(key) else same(step.name), detail, status)
