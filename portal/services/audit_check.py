"""Verifying the audit trail beside everything else: one check at a time, whose progress anybody who may can watch."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime

from portal.domain.access import EVERYWHERE, SYSTEM, Actor, Permission, demand
from portal.domain.audit import AuditQuery, AuditReport
from portal.domain.errors import PortalError
from portal.kit.topics import Topics
from portal.ports.clock import Clock
from portal.services.audit import Audit

TOPIC = "audit-check"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """A verification that runs or ran: how many entries of how many were read. `failure` is the code of an error that
    ended it before there was a report.
    """

    by: str
    begun_at: datetime
    total: int
    done: int = 0
    ended_at: datetime | None = None
    report: AuditReport | None = None
    failure: str = ""

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None


class AuditCheck:
    """Of this process alone. The last one is remembered until the process ends."""

    def __init__(self, audit: Audit, clock: Clock, topics: Topics) -> None:
        self._audit, self._clock, self._topics = audit, clock, topics
        self._lock = threading.Lock()
        self._last: Check | None = None

    def last(self, actor: Actor) -> Check | None:
        """The one that runs, or else the one that ended last."""
        demand(actor, Permission.AUDIT_READ, EVERYWHERE)
        return self._last

    def start(self, actor: Actor) -> Check:
        """Begin, unless one runs already: then that is the one. It ends by itself."""
        demand(actor, Permission.AUDIT_READ, EVERYWHERE)
        total = self._audit.page(SYSTEM, AuditQuery(limit=1)).total
        with self._lock:
            if self._last is not None and not self._last.is_over:
                return self._last
            begun = self._last = Check(actor.name, self._clock.now(), total)
        threading.Thread(target=self._run, args=(actor,), name="audit-check", daemon=True).start()
        return begun

    def _run(self, actor: Actor) -> None:
        try:
            report = self._audit.verify(actor, on_progress=lambda entries: self._note(done=entries))
            self._note(done=report.entries, report=report, ended_at=self._clock.now())
        except PortalError as error:
            self._note(failure=error.code, ended_at=self._clock.now())
        except Exception:  # noqa: BLE001 - whatever ends it is told, or it would seem to run for ever
            self._note(failure="audit_check_failed", ended_at=self._clock.now())
            _log.exception("verifying the audit trail failed")

    def _note(self, **changes: object) -> None:
        with self._lock:
            assert self._last is not None
            self._last = replace(self._last, **changes)
        self._topics.publish(TOPIC)
