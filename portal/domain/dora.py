"""The four measures of delivery, from the portal's own rollouts.

Names and meaning after Forsgren, Humble, Kim, "Accelerate" (2018), and https://dora.dev/guides/dora-metrics-four-keys/;
what each is made of here is said with it. A measure without anything to be made of is absent, not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median


@dataclass(frozen=True, slots=True)
class Change:
    """One rollout as the measures see it.

    `reached_at` is when the first users got the new version, `promoted_at` when all of them had it; None: never.
    `gone_back_at` is when the last of its users was back on the old version after it had reached some. `is_return`:
    it brought back what ran before. `released_at` is when its release was registered.
    """

    id: int
    service: str
    environment: str
    from_version: str
    to_version: str
    is_return: bool
    created_at: datetime
    released_at: datetime | None = None
    reached_at: datetime | None = None
    promoted_at: datetime | None = None
    gone_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dora:
    """The measures over a time. `deployments` … `restored` are how many rollouts each is made of.

    `per_day`: rollouts that brought a new version to all users, a day. `lead_seconds`: the median from registering a
    release to all users having it. `failure_rate`: of the changes that reached users, the part that was taken back.
    `restore_seconds`: the median, of those taken back, from the first user on the bad version to the last one off it.
    """

    days: float
    deployments: int = 0
    changes: int = 0
    failures: int = 0
    restored: int = 0
    per_day: float | None = None
    lead_seconds: float | None = None
    failure_rate: float | None = None
    restore_seconds: float | None = None


def measure(changes: Sequence[Change], *, since: datetime, until: datetime) -> Dora:
    """The measures of the time from `since` to `until`. `changes` may begin earlier and end later.

    Deployments count by the moment of promotion, changes by the moment they reached users; a change that was taken
    back by a later return counts as failed at its own time.
    """
    returns = _returns(changes)
    new = [change for change in changes if not change.is_return]
    deployed = [c for c in new if c.promoted_at is not None and since <= c.promoted_at < until]
    reached = [c for c in new if c.reached_at is not None and since <= c.reached_at < until]
    ends = {c.id: _taken_back(c, returns) for c in reached}
    failed = [c for c in reached if ends[c.id] is not None]
    leads = [_seconds(c.released_at, c.promoted_at) for c in deployed if c.released_at]
    restores = [_seconds(c.reached_at, ends[c.id]) for c in failed]
    days = max((until - since).total_seconds() / 86_400, 1e-9)
    return Dora(
        days=days,
        deployments=len(deployed),
        changes=len(reached),
        failures=len(failed),
        restored=len(restores),
        per_day=len(deployed) / days if deployed else None,
        lead_seconds=median(leads) if leads else None,
        failure_rate=len(failed) / len(reached) if reached else None,
        restore_seconds=median(restores) if restores else None,
    )


def _returns(changes: Sequence[Change]) -> dict[tuple[str, str, str], list[datetime]]:
    """When a version was left by a return, by service, environment and version."""
    left: dict[tuple[str, str, str], list[datetime]] = {}
    for change in changes:
        if change.is_return and change.promoted_at is not None:
            left.setdefault((change.service, change.environment, change.from_version), []).append(change.promoted_at)
    return {key: sorted(moments) for key, moments in left.items()}


def _taken_back(change: Change, returns: dict[tuple[str, str, str], list[datetime]]) -> datetime | None:
    """When the change was undone: by its own way back, or by the first return from it after it was promoted."""
    if change.gone_back_at is not None:
        return change.gone_back_at
    if change.promoted_at is None:
        return None
    key = (change.service, change.environment, change.to_version)
    return next((moment for moment in returns.get(key, ()) if moment >= change.promoted_at), None)


def _seconds(start: datetime | None, end: datetime | None) -> float:
    assert start is not None, "the caller has looked"
    assert end is not None, "the caller has looked"
    return max(0.0, (end - start).total_seconds())
