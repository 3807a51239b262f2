"""When curing does not help: what changed last, and taking it back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.domain.errors import PortalError
from portal.domain.healing import Case, Change
from portal.domain.plan import StepKind
from portal.domain.rollout import Action, Rollout, State
from portal.i18n import t
from portal.services.audit import Audit
from portal.services.rollout_actions import ActionRequest
from portal.services.rollouts import RolloutOrder, Rollouts
from portal.store import deployments, rollouts
from portal.store.database import Database

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rescue:
    database: Database
    audit: Audit
    rollouts: Rollouts

    def change(self, service: str, environment: str) -> tuple[Change | None, int]:
        """The rollout that brought what runs there, if there is one, and how many containers there should be."""
        with self.database.reading() as session:
            current = deployments.get(session, service, environment)
            newest = next(iter(rollouts.promoted(session, service, environment, limit=1)), None)
        if current is None or newest is None or newest.to_version != current.version:
            return None, current.replicas if current else 0
        made = Change(
            rollout_id=newest.id,
            from_version=newest.from_version,
            to_version=newest.to_version,
            promoted_at=_promoted_at(newest),
            window=2 * _bake(newest),
            is_baking=newest.state is State.BAKING,
            is_irreversible=newest.is_irreversible or newest.is_return,
        )
        return made, current.replicas

    def roll_back(self, service: str, environment: str, *, change: Change, cases: Sequence[Case]) -> None:
        """Back to what ran before: at once where it is still warm. Said in the trail with what it is grounded on."""
        worst = max(cases, key=lambda case: case.attempts)
        reason = _reason(worst, change)
        try:
            if change.is_baking:
                self.rollouts.act(SYSTEM, change.rollout_id, Action.ABORT, request=ActionRequest(reason))
            else:
                order = RolloutOrder(
                    service, environment, change.from_version, reason, key=f"healing:{change.rollout_id}"
                )
                self.rollouts.roll_back(SYSTEM, order)
        except PortalError as error:
            _log.warning("not rolled back", extra={"rollout": change.rollout_id, "code": error.code})
            return
        params = {"service": service, "version": change.to_version, "to": change.from_version}
        params |= {"cause": str(worst.ailment), "attempts": str(worst.attempts), "container": worst.name}
        entry = AuditEntry(
            SYSTEM.name,
            SYSTEM.kind,
            "rollout.healed",
            "rollout",
            str(change.rollout_id),
            environment=environment,
            reason=reason,
            params=params,
        )
        with self.database.transaction() as session:
            self.audit.record(session, entry)


def _bake(rollout: Rollout) -> timedelta:
    return timedelta(seconds=max((s.seconds for s in rollout.steps if s.kind is StepKind.BAKE), default=0))


def _promoted_at(rollout: Rollout) -> datetime:
    """About: when it began to serve everybody, from which on it is kept under watch."""
    since = rollout.ended_at or rollout.state_since or datetime.now(UTC)
    return since if rollout.state is State.BAKING else since - _bake(rollout)


def _reason(worst: Case, change: Change) -> str:
    """In both languages, for it is kept as it is."""
    params = {"container": worst.name, "attempts": worst.attempts, "version": change.to_version}
    return " / ".join(t(locale, "healing.reason", **params) for locale in ("zh", "en"))
