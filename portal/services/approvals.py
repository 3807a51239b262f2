"""What waits for a person's approval, and how many things that are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand, may
from portal.domain.deciding import Deciding
from portal.domain.rollout import Action, Rollout, State
from portal.domain.rollout_view import RolloutView
from portal.services.rollout_actions import deciding
from portal.services.rollout_views import RolloutViews
from portal.store import rollouts
from portal.store.database import Database

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Inbox:
    """`waiting`: what this person can decide now, with the evidence, the longest waiting first. `asked`: what they
    asked for themselves and others have to decide. `total` counts what waits, even beyond what is shown.
    """

    waiting: tuple[RolloutView, ...]
    asked: tuple[Rollout, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Approvals:
    database: Database
    views: RolloutViews

    def questions(self) -> tuple[Deciding, ...]:
        """Everything that waits for somebody's approval, for everybody: `count` says what of it concerns whom."""
        with self.database.reading() as session:
            return tuple(deciding(session, rollout) for rollout in _undecided(session))

    def questions_about(self, several: Sequence[Rollout]) -> tuple[Deciding, ...]:
        """What it takes to say who may decide about these, which somebody who may see them has found."""
        with self.database.reading() as session:
            return tuple(deciding(session, rollout) for rollout in several)

    def count(self, actor: Actor, questions: Sequence[Deciding] | None = None) -> int:
        """How many rollouts this person can approve now, among `questions` if they have been read already."""
        if not may(actor, Permission.ROLLOUT_APPROVE):
            return 0
        asked = self.questions() if questions is None else questions
        return sum(one.refusal_code(actor, Action.APPROVE) is None for one in asked)

    def inbox(self, actor: Actor) -> Inbox:
        demand(actor, Permission.VIEW)
        questions = self.questions()
        mine = [one.rollout for one in questions if one.refusal_code(actor, Action.APPROVE) is None]
        asked = tuple(one.rollout for one in questions if one.rollout.requested_by == actor.human)
        return Inbox(tuple(self.views.view(actor, r.id) for r in mine[:MOST_SHOWN]), asked[:MOST_SHOWN], len(mine))


def _undecided(session: Session) -> list[Rollout]:
    waiting = [rollout for rollout in rollouts.active(session) if rollout.state is State.AWAITING_APPROVAL]
    return sorted(waiting, key=lambda rollout: (rollout.state_since is not None, rollout.state_since))
