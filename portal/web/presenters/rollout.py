"""Everything on the page of one rollout, made from its view."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.plan import StepKind
from portal.domain.release import Release
from portal.domain.rollout import Rollout, State
from portal.domain.rollout_view import Changes, RolloutView
from portal.web.presenters.marks import BAD, IDLE, OK, WARN, Badge, epoch, percent_text
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.presenters.steps import position
from portal.web.words import Words, cause_words, words


@dataclass(frozen=True, slots=True)
class Head:
    """`until` is when the present wait ends by itself, 0 if nobody knows."""

    line: RolloutLine = RolloutLine()
    where: Words = Words()
    until: float = 0.0
    warning: Words = Words()


@dataclass(frozen=True, slots=True)
class Traffic:
    """The shares as the proxy has them; `is_asked` if the proxy does not answer and it is what it was told last."""

    stable_percent: int = 100
    canary_percent: int = 0
    stable_text: Words = Words()
    canary_text: Words = Words()
    rate: Words = Words()
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    tone: str = IDLE
    icon: str = "check"
    text: Words = Words()


@dataclass(frozen=True, slots=True)
class Change:
    label: Words
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A person beside their part in this rollout."""

    name: str
    initials: str
    badge: Badge
    reason: str = ""
    at: float = 0.0


def head(view: RolloutView) -> Head:
    rollout = view.rollout
    here, of = position(view.steps, rollout.cursor)
    where = Words() if rollout.state.is_over else words("rollout.where", n=here, of=of)
    return Head(rollout_line(rollout), where, _until(rollout), _warning(view))


def _until(rollout: Rollout) -> float:
    is_timed = rollout.state in (State.OBSERVING, State.BAKING) or rollout.step.kind is StepKind.PAUSE
    is_running = is_timed and not rollout.state.is_over and rollout.step.seconds
    return epoch(rollout.step_since) + rollout.step.seconds if is_running and rollout.step_since else 0.0


def _warning(view: RolloutView) -> Words:
    if not view.is_proxy_alive:
        return words("rollout.proxy_silent")
    if not view.is_engine_reachable:
        return words("rollout.engine_silent")
    if view.frozen_by and not view.rollout.state.is_over:
        people = ", ".join(view.break_glass_by)
        key = "rollout.frozen_broken" if people else "rollout.frozen"
        return words(key, window=view.frozen_by, people=people)
    return Words()


def traffic(view: RolloutView) -> Traffic:
    rollout = view.rollout
    percent = rollout.percent if view.live_percent is None else view.live_percent
    up = {side: sum(r.server == "up" for r in view.replicas if r.is_candidate is side) for side in (True, False)}
    rate = f"{view.requests_per_second:,.0f}" if view.requests_per_second >= 10 else f"{view.requests_per_second:.1f}"
    stable = _side("stable", up[False], is_over=rollout.state.is_over)
    return Traffic(
        stable_percent=100 - percent,
        canary_percent=percent,
        stable_text=words("side.nothing") if rollout.is_first else stable,
        canary_text=_side("canary" if percent < 100 else "everybody", up[True], is_over=rollout.state.is_over),
        rate=Words() if rollout.state.is_over else words("rollout.rate", n=rate),
        is_asked=view.live_percent is None and not rollout.state.is_over,
    )


def _side(name: str, up: int, *, is_over: bool) -> Words:
    return words(f"side.{name}") if is_over else words(f"side.{name}_up", n=up)


def facts(view: RolloutView) -> list[Fact]:
    """Restarts, failed requests and memory of the new version; and whether all requests are evaluated."""
    canaries = [r for r in view.replicas if r.is_candidate]
    restarts = sum(r.restarts for r in canaries)
    failed = view.failed_requests
    found = [
        Fact(BAD if restarts else OK, "x" if restarts else "check", words("fact.restarts", n=restarts)),
        Fact(WARN if failed else OK, "triangle-alert" if failed else "check", words("fact.failed", n=f"{failed:,}")),
    ]
    memory = [r.memory_bytes for r in canaries if r.memory_bytes is not None]
    if memory:
        found.append(Fact(OK, "check", words("fact.memory", n=round(max(memory) / 2**20))))
    if view.sampling < 1:
        found.append(Fact(IDLE, "clock", words("fact.sampled", share=percent_text(view.sampling))))
    return found


def decisions(view: RolloutView) -> list[Decision]:
    """The requester, who cannot approve, and everybody who has decided; void approvals say so."""
    asked = Decision(
        view.rollout.requested_by,
        initials(view.rollout.requested_by),
        Badge(IDLE, "play", words("decision.requested")),
        view.rollout.reason,
        epoch(view.rollout.created_at),
    )
    return [
        asked,
        *(
            Decision(a.by, initials(a.by), _given(a.is_approved, a.is_void), a.reason, epoch(a.at))
            for a in view.approvals
        ),
    ]


def _given(is_approved: bool, is_void: bool) -> Badge:
    if is_void:
        return Badge(WARN, "triangle-alert", words("decision.void"))
    return (
        Badge(OK, "check", words("decision.approved")) if is_approved else Badge(BAD, "x", words("decision.rejected"))
    )


def initials(name: str) -> str:
    return name[:2].upper()


def approval_note(view: RolloutView) -> Words:
    step = next((v.step for v in view.steps if v.step.kind is StepKind.APPROVAL), None)
    if step is None:
        return words("approval.none_needed")
    return words("approval.needed", n=step.approvals)


def changes(given: Changes | None) -> list[Change]:
    if given is None:
        return []
    rows = [Change(words("change.image"), _short(given.from_image), _short(given.to_image))]
    if given.to_commit and given.to_commit != given.from_commit:
        rows.append(Change(words("change.commit"), given.from_commit[:10], given.to_commit[:10]))
    return rows


def way_back(view: RolloutView) -> Fact:
    """What a rollback would do now, or did: with the time that was measured from the proxy's log."""
    rollout = view.rollout
    if rollout.state.is_going_back or (rollout.state is State.ABORTED and rollout.decided_at):
        return _went_back(rollout)
    if rollout.is_first:
        return Fact(WARN, "triangle-alert", words("back.first"))
    if rollout.is_irreversible:
        return Fact(WARN, "triangle-alert", words("back.irreversible"))
    if rollout.state is State.SUCCEEDED:
        return Fact(IDLE, "undo", words("back.anew", version=rollout.from_version))
    if rollout.percent == 0 and rollout.state is not State.BAKING:
        return Fact(OK, "check", words("back.nothing", version=rollout.from_version))
    key, tone = ("back.warm", OK) if view.is_return_warm else ("back.cold", WARN)
    return Fact(tone, "undo", words(key, version=rollout.from_version))


def _went_back(rollout: Rollout) -> Fact:
    if rollout.is_first:
        return Fact(IDLE, "undo", words("back.first_over"))
    if rollout.last_answer_ms is None:
        return Fact(IDLE, "undo", words("back.done", version=rollout.from_version))
    if rollout.last_answer_ms < 0.5:
        return Fact(OK, "undo", words("back.none_after", version=rollout.from_version))
    milliseconds = f"{rollout.last_answer_ms:.0f}"
    return Fact(OK, "undo", words("back.measured", version=rollout.from_version, ms=milliseconds))


def waiting_for(view: RolloutView) -> Words:
    """Why it stands where it stands."""
    return cause_words(view.rollout.cause or view.rollout.note)


def _short(image: str) -> str:
    return Release("", "", image).short_image
