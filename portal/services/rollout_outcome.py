"""What a rollout leaves behind: the deployment it made or put back, and how quick the way back was."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from portal.domain.deployment import Deployment
from portal.domain.rollout import Rollout
from portal.store import deployments, samples


def last_answer_ms(session: Session, rollout: Rollout) -> float | None:
    """How long after the decision the bad version answered its last request; 0.0 if it answered none after it."""
    if rollout.decided_at is None:
        return None
    decided = rollout.decided_at.timestamp()
    last = samples.last_answer(session, (rollout.service, rollout.environment), rollout.slot, since=int(decided) - 5)
    return None if last is None else round(max(0.0, last - decided) * 1000, 1)


def deployment_of(rollout: Rollout, now: datetime, *, is_new: bool) -> Deployment:
    """What runs after a promotion (`is_new`), or after one that was taken back."""
    return Deployment(
        service=rollout.service,
        environment=rollout.environment,
        version=rollout.to_version if is_new else rollout.from_version,
        image=rollout.to_image if is_new else rollout.from_image,
        slot=rollout.slot if is_new else rollout.slot.other,
        replicas=rollout.candidate_replicas if is_new else rollout.stable_replicas,
        rollout_id=rollout.id,
        deployed_by=rollout.requested_by,
        deployed_at=now,
        configuration=rollout.to_configuration if is_new else rollout.from_configuration,
    )


def put_back(session: Session, rollout: Rollout, now: datetime) -> None:
    """After a promotion that was taken back, the old version is what should run."""
    if rollout.is_first:
        deployments.forget(session, rollout.service, rollout.environment)
    else:
        deployments.put(session, deployment_of(rollout, now, is_new=False))
