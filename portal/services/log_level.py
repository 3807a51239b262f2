"""How much the process logs, changed while it runs."""

from __future__ import annotations

from portal.domain.access import EVERYWHERE, Actor, Permission, demand
from portal.domain.audit import AuditEntry
from portal.domain.errors import Invalid
from portal.kit import log
from portal.services.audit import Audit
from portal.store.database import Database


class LogLevel:
    """That of this process alone: each of several has its own. A restart brings back what CODEX_LOG_LEVEL says."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database, self._audit = database, audit

    def level(self, actor: Actor) -> str:
        """debug, info, warn or error."""
        demand(actor, Permission.LOG_LEVEL)
        return log.current_level()

    def set(self, actor: Actor, level: str, *, reason: str = "") -> str:
        """Effective at once. Invalid("log_level_unknown")."""
        demand(actor, Permission.LOG_LEVEL, EVERYWHERE)
        if level not in log.LEVELS:
            raise Invalid("log_level_unknown", field="level", level=level[:20], known=", ".join(log.LEVELS))
        params = {"level": level, "before": self.level(actor)}
        with self._database.transaction() as session:
            entry = AuditEntry(actor.name, actor.kind, "log.level_set", "log", "log", reason=reason, params=params)
            self._audit.record(session, entry)
        log.set_level(level)
        return level
