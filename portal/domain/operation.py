"""A durable operation: background work that survives the death of the process that does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class StepStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on an operation until the lease ends. Every claim has a higher `fence` than the one before, and
    nothing is written or done under a fence that is no longer the newest."""

    operation_id: int
    kind: str
    owner: str
    fence: int


@dataclass(frozen=True, slots=True)
class OperationStep:
    """One line of the journal: what was or is being done, how often it was tried, and with what result."""

    operation_id: int
    index: int
    name: str
    status: StepStatus = StepStatus.PENDING
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: str = ""
