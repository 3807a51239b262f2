"""A job: long work other than a rollout, such as a backup or a copy, done as a durable operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

JOB_SORTS = ("-created", "created")
MOST_ATTEMPTS = 8
SLOWEST_RETRY_SECONDS = 60.0


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Cancelled(Exception):
    """Raised within a job that somebody wants to end."""


class Interrupted(Exception):
    """Raised within a job whose process is about to end; another one, or the next, goes on with it."""


@dataclass(frozen=True, slots=True)
class Job:
    """`document` is what was asked for, `memory` what the job has noted for after a crash: JSON objects both.

    `lock` is what nothing else may work on meanwhile. `environment` is empty for a job that concerns the whole portal.
    `step` is how many of its steps are done. `done` of `total` (0: not known) tells how far the present step is, in
    `unit` (a word of the catalogue: `unit.<unit>`).
    """

    id: int
    kind: str
    target: str
    environment: str
    document: Mapping[str, Any]
    requested_by: str
    created_at: datetime
    reason: str = ""
    lock: str = ""
    state: JobState = JobState.WAITING
    step: int = 0
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    memory: Mapping[str, Any] = field(default_factory=dict[str, Any])
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error_code: str = ""
    error_params: Mapping[str, str] = field(default_factory=dict[str, str])
    is_unwanted: bool = False

    @property
    def percent(self) -> int | None:
        """How far the present step is; None if nobody knows."""
        return min(100, int(100 * self.done / self.total)) if self.total > 0 else None


@dataclass(frozen=True, slots=True)
class JobQuery:
    """`state` is one state, "active" (not over), "over", or empty for all; each word of `text` is in kind, target,
    environment or person."""

    kind: str = ""
    environment: str = ""
    state: str = ""
    person: str = ""
    text: str = ""
    sort: str = "-created"
    offset: int = 0
    limit: int = 50


def retry_seconds(attempts: int) -> float:
    """How long to wait before a step that a dependency has made fail is tried again: 1, 2, 4 … 60 seconds."""
    return min(SLOWEST_RETRY_SECONDS, 2.0 ** max(0, attempts - 1))
