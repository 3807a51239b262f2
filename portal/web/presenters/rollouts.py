"""One rollout in a list: on the overview, in the list of rollouts, in the history of a release."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.rollout import Rollout
from portal.web.presenters.marks import Badge, environment_words, epoch, rollout_badge
from portal.web.words import Words, cause_words, words


@dataclass(frozen=True, slots=True)
class RolloutLine:
    """`place` is the environment's own name, `note` what it waits for or why it ended. Times are seconds since 1970."""

    id: int = 0
    href: str = ""
    service: str = ""
    place: str = ""
    environment: Words = Words()
    from_version: str = ""
    to_version: str = ""
    percent: int = 0
    badge: Badge = Badge()
    note: Words = Words()
    strategy: Words = Words()
    requested_by: str = ""
    reason: str = ""
    created_at: float = 0.0
    ended_at: float = 0.0
    is_over: bool = False


def rollout_line(rollout: Rollout) -> RolloutLine:
    return RolloutLine(
        id=rollout.id,
        href=f"/rollouts/{rollout.id}",
        service=rollout.service,
        place=rollout.environment,
        environment=environment_words(rollout.environment),
        from_version=rollout.from_version,
        to_version=rollout.to_version,
        percent=rollout.percent,
        badge=rollout_badge(rollout),
        note=cause_words(rollout.cause or rollout.note),
        strategy=strategy_words(rollout),
        requested_by=rollout.requested_by,
        reason=rollout.reason,
        created_at=epoch(rollout.created_at),
        ended_at=epoch(rollout.ended_at),
        is_over=rollout.state.is_over,
    )


def strategy_words(rollout: Rollout) -> Words:
    if rollout.is_return:
        return words("strategy.return")
    return words("strategy.first" if rollout.is_first else f"strategy.{rollout.strategy}")
