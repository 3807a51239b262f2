"""Backups, and what came of using them: every restore is measured and kept, whether asked for or done by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

BACKUP_SORTS = ("-at", "at")
RECOVERY_SORTS = ("-at", "at")


class BackupKind(StrEnum):
    """What is in it: the portal's own database, a volume of the engine, or a database that its own tool wrote out."""

    PORTAL = "portal"
    VOLUME = "volume"
    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"


class BackupState(StrEnum):
    """`made` is in the store; `good` was restored elsewhere and found whole; `bad` was restored and was not."""

    MADE = "made"
    GOOD = "good"
    BAD = "bad"


class RecoveryKind(StrEnum):
    """Why something was restored: to check a backup, as a drill, for real, or to move to another place."""

    CHECK = "check"
    DRILL = "drill"
    RESTORE = "restore"
    REBUILD = "rebuild"
    FAILOVER = "failover"


@dataclass(frozen=True, slots=True)
class Backup:
    """`target` is the portal, a volume or a database; `folder` where it is in the store. `document` has the rest: how
    it is put together, and what was counted. `environment` is empty for the portal's own.
    """

    id: int
    kind: BackupKind
    target: str
    folder: str
    at: datetime
    size_bytes: int
    environment: str = ""
    state: BackupState = BackupState.MADE
    seconds: float = 0.0
    checked_at: datetime | None = None
    error: str = ""
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Recovery:
    """`rto_seconds` it took; `rpo_seconds` of changes were lost, or would have been. `document` is the report."""

    id: int
    kind: RecoveryKind
    target: str
    at: datetime
    is_good: bool
    environment: str = ""
    rto_seconds: float = 0.0
    rpo_seconds: float | None = None
    error: str = ""
    requested_by: str = ""
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class BackupQuery:
    kind: str = ""
    environment: str = ""
    target: str = ""
    state: str = ""
    sort: str = "-at"
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class RecoveryQuery:
    kind: str = ""
    environment: str = ""
    target: str = ""
    sort: str = "-at"
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class BackupRules:
    """How often a base is made, how long backups are kept, and how old the last good restore may become."""

    base_every: timedelta = timedelta(hours=24)
    kept: timedelta = timedelta(days=14)
    alarm_after: timedelta = timedelta(hours=50)


def is_stale(last_good: datetime | None, since: datetime, *, rules: BackupRules, now: datetime) -> bool:
    """Whether it is time to raise the alarm; a portal that was never checked counts from when backups began."""
    return now - (last_good or since) > rules.alarm_after
