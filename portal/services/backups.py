"""The portal's own backup as people see it: what is in the store, what was restored from it, and when to worry."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, SYSTEM, Actor, Permission, demand, environments_with
from portal.domain.audit import AuditEntry
from portal.domain.backup import (
    Backup,
    BackupKind,
    BackupQuery,
    BackupRules,
    BackupState,
    Recovery,
    RecoveryQuery,
    is_stale,
)
from portal.domain.errors import NotFound, Refused
from portal.domain.page import Page
from portal.ports.clock import Clock
from portal.services.audit import Audit
from portal.services.backup_bases import Bases
from portal.services.backup_shipping import Shipped, Shipper
from portal.services.backup_vault import Vault
from portal.services.jobs import JobOrder, Jobs
from portal.store import backups as store
from portal.store.database import Database

PORTAL, CHECK = "portal", "portal-check"
TIDY_EVERY, ALARM_EVERY = timedelta(hours=1), timedelta(hours=12)
FAILING_AFTER = timedelta(minutes=5)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What backups are made with. `shipper` and `bases` are there where the portal's database is SQLite."""

    vault: Vault
    rules: BackupRules = field(default_factory=BackupRules)
    shipper: Shipper | None = None
    bases: Bases | None = None


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """`shipped` is this process's; `last_good` the newest restore that was found whole, `alarm` why to worry."""

    is_set: bool
    address: str = ""
    key_name: str = ""
    shipped: Shipped | None = None
    last: Backup | None = None
    last_good: Recovery | None = None
    alarm: str = ""
    rules: BackupRules = field(default_factory=BackupRules)


class Backups:
    """`means` is None where no store is set."""

    def __init__(self, database: Database, clock: Clock, audit: Audit, *, means: Means | None, jobs: Jobs) -> None:
        self._database, self._clock, self._audit = database, clock, audit
        self.means, self._jobs = means, jobs
        self._begun_at = clock.now()
        self._tidied_at = self._alarmed_at = self._failing_since = None

    _tidied_at: datetime | None
    _alarmed_at: datetime | None
    _failing_since: datetime | None

    def require(self) -> Means:
        """Refused("backup_not_set")."""
        if self.means is None:
            raise Refused("backup_not_set")
        return self.means

    def status(self, actor: Actor) -> BackupStatus:
        demand(actor, Permission.VIEW, EVERYWHERE)
        if self.means is None:
            return BackupStatus(False)
        with self._database.reading() as session:
            newest = store.of_target(session, BackupKind.PORTAL, PORTAL)[:1]
            good = store.last_good(session, PORTAL)
        shipper = self.means.shipper
        return BackupStatus(
            True,
            self.means.vault.store.address,
            self.means.vault.key_name,
            shipper.state if shipper else None,
            newest[0] if newest else None,
            good,
            self._alarm(good),
            self.means.rules,
        )

    def page(self, actor: Actor, query: BackupQuery) -> Page[Backup]:
        """The portal's own are seen by whoever may look everywhere, others where they belong. Invalid("sort_bad")."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.page(session, query, environments_with(actor, Permission.VIEW))

    def get(self, actor: Actor, number: int) -> Backup:
        """NotFound("backup_missing"), also for what the actor may not see."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            found = store.get(session, number)
        if not _is_visible(actor, found.environment):
            raise NotFound("backup_missing", id=number)
        return found

    def recoveries(self, actor: Actor, query: RecoveryQuery) -> Page[Recovery]:
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            return store.recoveries(session, query, environments_with(actor, Permission.VIEW))

    def recovery(self, actor: Actor, number: int) -> Recovery:
        """NotFound("recovery_missing"), also for what the actor may not see."""
        demand(actor, Permission.VIEW)
        with self._database.reading() as session:
            found = store.recovery(session, number)
        if not _is_visible(actor, found.environment):
            raise NotFound("recovery_missing", id=number)
        return found

    def make(self, actor: Actor) -> None:
        """A base of the portal's own database, as soon as can be; it is checked by itself. Refused("backup_not_set" |
        "backup_not_here").
        """
        demand(actor, Permission.BACKUP_RUN, EVERYWHERE)
        if (shipper := self.require().shipper) is None:
            raise Refused("backup_not_here")
        with self._database.transaction() as session:
            self._audit.record(session, AuditEntry(actor.name, actor.kind, "backup.ask", "backup", PORTAL))
        shipper.order_base()

    def ship(self) -> None:
        """Send what was committed since the last time: called all the time."""
        if self.means is not None and self.means.shipper is not None:
            self.means.shipper.step()

    def tend(self) -> None:
        """Make bases that are due, have them checked, drop what is old, raise the alarm: called every second."""
        if self.means is None:
            return
        if self.means.shipper is not None and self.means.bases is not None:
            self._make_base(self.means.shipper, self.means.bases)
            self._tidy(self.means, self.means.bases)
        self._raise_alarm()

    def stop(self) -> None:
        """Send the rest, and let go of the database."""
        shipper = self.means.shipper if self.means else None
        if shipper is not None:
            try:
                shipper.step()
            finally:
                shipper.close()

    def keep(self, session: Session, backup: Backup) -> Backup:
        """Write down one that is in the store now, in the caller's transaction."""
        kept = store.add(session, backup)
        params = {"kind": backup.kind, "bytes": str(backup.size_bytes)}
        self._record(session, "backup.made", kept, params)
        return kept

    def found(self, session: Session, recovery: Recovery, backup: Backup | None = None) -> Recovery:
        """Write down what came of restoring, and of which backup, in the caller's transaction."""
        kept = store.add_recovery(session, recovery)
        if backup is not None:
            state = BackupState.GOOD if recovery.is_good else BackupState.BAD
            store.set_checked(session, backup.id, state, at=recovery.at, error=recovery.error)
        params = {"kind": recovery.kind, "seconds": f"{recovery.rto_seconds:.2f}", "error": recovery.error[:200]}
        action = "recovery.good" if recovery.is_good else "recovery.bad"
        who = recovery.requested_by or SYSTEM.name
        kind = "user" if recovery.requested_by else SYSTEM.kind
        self._audit.record(
            session,
            AuditEntry(who, kind, action, "recovery", recovery.target, recovery.environment, params=params),
        )
        return kept

    def _record(self, session: Session, action: str, backup: Backup, params: dict[str, str]) -> None:
        self._audit.record(
            session,
            AuditEntry(SYSTEM.name, SYSTEM.kind, action, "backup", backup.target, backup.environment, params=params),
        )

    def _make_base(self, shipper: Shipper, bases: Bases) -> None:
        order = shipper.take_order()
        if order is None:
            if self._is_base_due():
                shipper.order_base()
            return
        base, seconds = bases.make(order)
        made = Backup(
            id=0,
            kind=BackupKind.PORTAL,
            target=PORTAL,
            folder=base.folder,
            at=base.at,
            size_bytes=base.stored.size_bytes,
            seconds=seconds,
            document={"rows": dict(base.rows), "schema": base.schema, "line": base.line, "sequence": base.sequence},
        )
        with self._database.transaction() as session:
            kept = self.keep(session, made)
        self._jobs.start(SYSTEM, JobOrder(CHECK, f"{PORTAL} {kept.id}", {"backup": kept.id}))

    def _is_base_due(self) -> bool:
        shipped = self.require().shipper
        if shipped is None or not shipped.state.line:
            return False
        with self._database.reading() as session:
            newest = store.of_target(session, BackupKind.PORTAL, PORTAL)[:1]
        return bool(newest) and self._clock.now() - newest[0].at >= self.require().rules.base_every

    def _tidy(self, means: Means, bases: Bases) -> None:
        now = self._clock.now()
        if self._tidied_at is not None and now - self._tidied_at < TIDY_EVERY:
            return
        self._tidied_at = now
        bases.merge()
        gone = set(bases.drop_old(means.rules))
        if gone:
            with self._database.transaction() as session:
                known = store.of_target(session, BackupKind.PORTAL, PORTAL)
                dropped = [one for one in known if one.folder in gone]
                store.forget(session, [one.id for one in dropped])
                for one in dropped:
                    self._record(session, "backup.dropped", one, {"kind": one.kind})

    def _alarm(self, good: Recovery | None) -> str:
        means, now = self.require(), self._clock.now()
        shipper = means.shipper
        self._failing_since = (self._failing_since or now) if shipper and shipper.state.failure else None
        if self._failing_since is not None and now - self._failing_since > FAILING_AFTER:
            return "failing"
        return "stale" if is_stale(good.at if good else None, self._begun_at, rules=means.rules, now=now) else ""

    def _raise_alarm(self) -> None:
        """Said in the trail, from where those concerned are told."""
        with self._database.reading() as session:
            good = store.last_good(session, PORTAL)
        alarm, now = self._alarm(good), self._clock.now()
        if not alarm or (self._alarmed_at is not None and now - self._alarmed_at < ALARM_EVERY):
            return
        self._alarmed_at = now
        params = {"alarm": alarm, "last_good": good.at.isoformat(timespec="minutes") if good else "-"}
        with self._database.transaction() as session:
            entry = AuditEntry(SYSTEM.name, SYSTEM.kind, "backup.alarm", "backup", PORTAL, params=params)
            self._audit.record(session, entry)


def _is_visible(actor: Actor, environment: str) -> bool:
    environments = environments_with(actor, Permission.VIEW)
    return environments is None or environment in environments
