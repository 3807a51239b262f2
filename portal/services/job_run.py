"""What a kind of job is, and what it works with while it does a step."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

from portal.domain.access import Permission
from portal.domain.job import Interrupted, Job
from portal.domain.operation import Claim

LOOK_SECONDS = 0.5
TELL_SECONDS = 0.5


class Engine(Protocol):
    """What does jobs. `halt` is set when its process ends."""

    @property
    def halt(self) -> threading.Event: ...

    def note(self, claim: Claim, **values: Any) -> None: ...

    def look(self, claim: Claim) -> None: ...


class JobRun:
    """What a job's kind works with while it does a step: what was asked for, what it knows, how far it is."""

    def __init__(self, engine: Engine, claim: Claim, job: Job) -> None:
        self._engine, self.claim, self.job = engine, claim, job
        self._memory: dict[str, Any] = dict(job.memory)
        self._looked = self._told = 0.0
        self._is_cleaning = False

    @property
    def document(self) -> Mapping[str, Any]:
        return self.job.document

    @property
    def memory(self) -> Mapping[str, Any]:
        """What `remember` was given, in this life and those before."""
        return self._memory

    def remember(self, **values: Any) -> None:
        """Write it down: JSON values by name. Conflict("claim_lost") if somebody else does the job now."""
        self._memory.update(values)
        self._engine.note(self.claim, memory=dict(self._memory))

    def progress(self, done: float, total: float = 0.0, *, unit: str = "") -> None:
        """How far the step is: shown, and written down twice a second at most. Checks as `check` does."""
        self.check()
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS or 0 < total <= done:
            self._told = now
            self._engine.note(self.claim, done=float(done), total=float(total), unit=unit)

    def check(self) -> None:
        """To be called once a second at least. Cancelled, Interrupted, or Conflict("claim_lost")."""
        if self._is_cleaning:
            return
        if self._engine.halt.is_set():
            raise Interrupted
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self._engine.look(self.claim)

    def wait(self, seconds: float) -> None:
        """Let time pass, ready to be cancelled."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            self._engine.halt.wait(min(left, LOOK_SECONDS))

    def begin_cleaning(self) -> None:
        """From now on nothing interrupts it."""
        self._is_cleaning = True


class JobKind(Protocol):
    """One kind of long work. Its words are `job.<kind>`, those of a step `job_step.<step>`.

    Each step may be repeated from its beginning after a crash: it is idempotent, or goes on from what it remembers in
    `run.memory`.
    """

    @property
    def permission(self) -> Permission:
        """To start, cancel or repeat it: in its environment, or everywhere if it has none."""
        ...

    def steps(self, document: Mapping[str, Any]) -> tuple[str, ...]: ...

    def perform(self, step: str, run: JobRun) -> None: ...

    def clean(self, run: JobRun) -> None:
        """Take away what is in the way once the job is over, however it ended. It may be called more than once."""
        ...
