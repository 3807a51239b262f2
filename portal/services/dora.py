"""The four measures of delivery over a time, for a service, an environment, or all that a person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.domain.access import Actor, Permission, demand, environments_with
from portal.domain.dora import Dora, measure
from portal.domain.errors import Invalid
from portal.ports.clock import Clock
from portal.store import changes
from portal.store.changes import ChangeQuery
from portal.store.database import Database

DEFAULT_DAYS, MOST_DAYS = 30, 366


@dataclass(frozen=True, slots=True)
class DoraQuery:
    """The last `days` up to now, or from `since` to `until`. Empty names stand for all."""

    service: str = ""
    environment: str = ""
    days: int = DEFAULT_DAYS
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DoraMeasures:
    database: Database
    clock: Clock

    def measure(self, actor: Actor, query: DoraQuery) -> Dora:
        """Invalid("period_bad") for a time that ends before it begins, or is longer than 366 days."""
        demand(actor, Permission.VIEW, query.environment or None)
        since, until = self._period(query)
        seen = environments_with(actor, Permission.VIEW)
        wanted = ChangeQuery(since, until, query.service, query.environment, seen)
        with self.database.reading() as session:
            found = changes.between(session, wanted)
        return measure(found, since=since, until=until)

    def _period(self, query: DoraQuery) -> tuple[datetime, datetime]:
        until = query.until or self.clock.now()
        since = query.since or until - timedelta(days=max(1, min(query.days, MOST_DAYS)))
        if not timedelta(0) < until - since <= timedelta(days=MOST_DAYS):
            raise Invalid("period_bad", field="since", limit=MOST_DAYS)
        return since, until
