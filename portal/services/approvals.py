"""What waits for a person's approval, and how many things that are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand, may
from portal.domain.rollout import Action, Rollout, State
from portal.domain.rollout_view import RolloutView
from portal.services.rollout_actions import refusal_of
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

    def count(self, actor: Actor) -> int:
        """How many rollouts this person can approve now; looks at the database alone."""
        if not may(actor, Permission.ROLLOUT_APPROVE):
            return 0
        with self.database.reading() as session:
            return sum(_is_for(session, actor, rollout) for rollout in _undecided(session))

    def inbox(self, actor: Actor) -> Inbox:
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            undecided = _undecided(session)
            mine = [rollout for rollout in undecided if _is_for(session, actor, rollout)]
        asked = tuple(rollout for rollout in undecided if rollout.requested_by == actor.human)
        return Inbox(tuple(self.views.view(actor, r.id) for r in mine[:MOST_SHOWN]), asked[:MOST_SHOWN], len(mine))


def _undecided(session: Session) -> list[Rollout]:
    waiting = [rollout for rollout in rollouts.active(session) if rollout.state is State.AWAITING_APPROVAL]
    return sorted(waiting, key=lambda rollout: (rollout.state_since is not None, rollout.state_since))


def _is_for(session: Session, actor: Actor, rollout: Rollout) -> bool:
    is_permitted = may(actor, Permission.ROLLOUT_APPROVE, rollout.environment)
    return is_permitted and refusal_of(session, actor, rollout, Action.APPROVE) is None
