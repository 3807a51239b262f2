"""A rollout that waits for an approval, with everything that is needed to decide beside it."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.plan import StepKind
from portal.domain.rollout_view import RolloutView
from portal.web.notes import short_notes_html
from portal.web.presenters import rollout as page
from portal.web.presenters.rollout import Change, Decision, Fact
from portal.web.presenters.rollouts import RolloutLine, rollout_line
from portal.web.presenters.verdicts import VerdictCard, verdict_card
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class Waiting:
    """`since` is when it began to wait; `evidence` the hash an approval is bound to, `short` its beginning."""

    id: int
    line: RolloutLine
    since: float
    next: Words
    given: Words
    verdict: VerdictCard
    facts: tuple[Fact, ...]
    changes: tuple[Change, ...]
    dependants: str
    notes_html: str
    decisions: tuple[Decision, ...]
    evidence: str
    short: str


def waiting(view: RolloutView) -> Waiting:
    rollout = view.rollout
    step = rollout.step
    agreed = sum(a.is_approved and not a.is_void and a.step == rollout.cursor for a in view.approvals)
    changes = view.changes
    return Waiting(
        id=rollout.id,
        line=rollout_line(rollout),
        since=page.epoch(rollout.state_since),
        next=_next(view),
        given=words("approvals.given", n=agreed, of=max(1, step.approvals)),
        verdict=verdict_card(view.verdict, rollout),
        facts=tuple(page.facts(view)),
        changes=tuple(page.changes(changes)),
        dependants=", ".join(changes.dependants) if changes else "",
        notes_html=short_notes_html(changes.notes) if changes else "",
        decisions=tuple(page.decisions(view)),
        evidence=view.evidence_hash,
        short=view.evidence_hash[:12],
    )


def _next(view: RolloutView) -> Words:
    """What an approval lets happen."""
    rollout = view.rollout
    later = rollout.steps[rollout.cursor + 1 :]
    shift = next((step for step in later if step.kind in (StepKind.SHIFT, StepKind.ADAPT)), None)
    if rollout.percent == 0 and shift is None:
        return words("approvals.next_start", version=rollout.to_version)
    percent = shift.percent if shift else 100
    return words("approvals.next_share", version=rollout.to_version, now=rollout.percent, then=percent)
