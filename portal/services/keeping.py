"""Keeps things as they should be: one look, then healing, drift, and the proxy's table; again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.domain.errors import PortalError, Unavailable
from portal.ports.traffic import Traffic
from portal.services.audit import Audit
from portal.services.drift_watch import DriftWatch, compared
from portal.services.healing import Healing
from portal.services.sights import Sight, Sights
from portal.store.database import Database

AWAY_SECONDS = 1.0


@dataclass(slots=True)
class Keeper:
    """For one thread."""

    database: Database
    audit: Audit
    traffic: Traffic
    sights: Sights
    healing: Healing
    drift: DriftWatch
    lost_at: datetime | None = None

    def look(self) -> int:
        """How many containers were cured. An engine that is away is noted, and said to be back when it is."""
        try:
            sight = self.sights.take()
        except Unavailable:
            self.lost_at = self.lost_at or self.sights.now()
            raise
        if self.lost_at is not None:
            self._engine_is_back(sight.at)
        seen = compared(sight)
        self.drift.note(sight, seen)
        failure = self._steer(sight)
        cured = self.healing.tend(sight, seen)
        if failure is not None:
            raise failure
        return cured

    def _steer(self, sight: Sight) -> PortalError | None:
        """The proxy's part: where it fails, the containers are looked after all the same."""
        try:
            self.traffic.apply(sight.table)
        except PortalError as error:
            return error
        return None

    def _engine_is_back(self, now: datetime) -> None:
        seconds = (now - self.lost_at).total_seconds() if self.lost_at else 0.0
        self.lost_at = None
        if seconds < AWAY_SECONDS:
            return
        entry = AuditEntry(
            SYSTEM.name, SYSTEM.kind, "engine.healed", "engine", "engine", params={"seconds": f"{seconds:.1f}"}
        )
        with self.database.transaction() as session:
            self.audit.record(session, entry)
