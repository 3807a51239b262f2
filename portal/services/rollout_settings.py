"""The settings that a rollout brings: those of now, or those that a version had before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from portal.domain.environment import Environment
from portal.domain.errors import Invalid
from portal.domain.rollout import Cause, Rollout
from portal.services import configuration_snapshots as snapshots
from portal.services.configuration_snapshots import NOT_KEPT
from portal.store import catalogue
from portal.store import configuration as store


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """`number` is that of the snapshot, `NOT_KEPT` for a new one."""

    number: int
    replicas: int = 0

    def sized(self, environment: Environment) -> Environment:
        """With as many containers as the settings say, if they say it."""
        return replace(environment, replicas=self.replicas) if self.replicas else environment


def settings_for(session: Session, place: tuple[str, str], *, returns_to: str = "", number: int = 0) -> RolloutSettings:
    """What a rollout of a service in an environment would bring; nothing is kept yet. A return to a version brings
    those of the snapshot `number`, or those it had. Settings that cannot be are told by `settings_refusal`.
    """
    service = catalogue.service(session, place[0])
    if returns_to:
        number = number or snapshots.last_with(session, *place, version=returns_to)
        return RolloutSettings(number, snapshots.given(session, service, number).replicas)
    try:
        shot, number = snapshots.for_rollout(session, service, place[1])
    except Invalid:
        return RolloutSettings(NOT_KEPT)
    return RolloutSettings(number, shot.replicas)


def settings_refusal(session: Session, draft: Rollout) -> Cause | None:
    """Why containers cannot be made by the settings of now."""
    return snapshots.refusal(session, catalogue.service(session, draft.service), draft.environment)


def with_kept_settings(session: Session, draft: Rollout, now: datetime) -> Rollout:
    """The draft with the number of its snapshot, which is kept now if it is a new one."""
    if draft.to_configuration != NOT_KEPT:
        return draft
    try:
        shot = snapshots.wanted(session, catalogue.service(session, draft.service), draft.environment)
    except Invalid:  # said where the rollout is refused
        return draft
    kept = store.keep_snapshot(session, (draft.service, draft.environment), shot, now)
    return replace(draft, to_configuration=kept.id)
