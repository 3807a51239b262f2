"""Works on operations: claims what is due, works on each in its own thread, and keeps the leases alive."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from portal.domain.errors import Conflict, PortalError
from portal.domain.operation import Claim
from portal.kit.topics import Topics
from portal.store import operations
from portal.store.database import Database

BEAT_SECONDS = 1.25
POLL_SECONDS = 0.03
JOB_POLL_SECONDS = 0.5
_log = logging.getLogger(__name__)


class OperationWorker:
    """`work` does what can be done under a claim and says in how many seconds to come back.

    A wake through the topic "operations" is followed at once; without one the table is polled thirty times a second,
    which is how another process's requests are seen; for jobs twice a second.
    """

    def __init__(
        self,
        database: Database,
        topics: Topics,
        work: Callable[[Claim], float],
        *,
        threads: int = 6,
        does_jobs: bool = False,
    ) -> None:
        self._does_jobs = does_jobs
        self._poll_seconds = JOB_POLL_SECONDS if does_jobs else POLL_SECONDS
        self._database, self._topics, self._work = database, topics, work
        self._owner = uuid.uuid4().hex[:12]
        self._threads = threads
        self._held: dict[int, Claim] = {}
        self._lock = threading.Lock()
        self._halt, self._is_idle = threading.Event(), threading.Event()
        self._loops: list[threading.Thread] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="operation")

    def start(self) -> None:
        for loop in (self._claim_loop, self._beat_loop):
            thread = threading.Thread(target=loop, name=loop.__name__.strip("_"), daemon=True)
            thread.start()
            self._loops.append(thread)

    def stop(self, *, timeout_seconds: float = 10.0) -> None:
        """No new claims; what is being done is finished, its leases kept alive meanwhile, and the claims given back."""
        self._halt.set()
        self._topics.publish("operations")
        for thread in self._loops[:1]:
            thread.join(timeout_seconds)
        self._pool.shutdown(wait=True)
        self._is_idle.set()
        for thread in self._loops:
            thread.join(timeout_seconds)

    @property
    def is_alive(self) -> bool:
        return bool(self._loops) and all(thread.is_alive() for thread in self._loops)

    def _claim_loop(self) -> None:
        seen = -1
        while not self._halt.is_set():
            seen = self._topics.wait("operations", seen, timeout_seconds=self._poll_seconds)
            try:
                for claim in self._claims():
                    self._pool.submit(self._run, claim)
            except PortalError as error:
                _log.warning("claiming failed", extra={"code": error.code})
                self._halt.wait(self._poll_seconds)
            except Exception:  # noqa: BLE001 - a loop outlives whatever goes wrong in one turn
                _log.exception("claiming failed")
                self._halt.wait(1.0)

    def _claims(self) -> list[Claim]:
        with self._lock:
            free = self._threads - len(self._held)
        if free <= 0:
            return []
        with self._database.reading() as session:
            if not operations.is_any_due(session, of_jobs=self._does_jobs):
                return []
        with self._database.transaction() as session:
            claims = operations.claim(session, self._owner, limit=free, of_jobs=self._does_jobs)
        with self._lock:
            self._held.update({claim.operation_id: claim for claim in claims})
        return claims

    def _run(self, claim: Claim) -> None:
        seconds = 1.0
        try:
            seconds = self._work(claim)
        except Conflict as error:
            _log.info("claim ended", extra={"operation": claim.operation_id, "code": error.code})
        except PortalError as error:
            _log.warning("operation failed for now", extra={"operation": claim.operation_id, "code": error.code})
        except Exception:  # noqa: BLE001 - a loop outlives whatever goes wrong in one turn
            _log.exception("operation failed", extra={"operation": claim.operation_id})
            seconds = 5.0
        finally:
            self._give_back(claim, seconds)

    def _give_back(self, claim: Claim, seconds: float) -> None:
        with self._lock:
            if self._held.get(claim.operation_id) is claim:  # and not a newer one, after this one was lost
                del self._held[claim.operation_id]
        try:
            with self._database.transaction() as session:
                operations.release(session, claim, after_seconds=seconds)
        except PortalError:
            _log.warning("claim not given back: it runs out by itself", extra={"operation": claim.operation_id})
        self._topics.publish("operations")

    def _beat_loop(self) -> None:
        while not self._is_idle.wait(BEAT_SECONDS):
            with self._lock:
                held = list(self._held.values())
            if not held:
                continue
            try:
                with self._database.transaction() as session:
                    operations.beat(session, held)
            except PortalError as error:
                _log.warning("leases not prolonged", extra={"code": error.code})
            except Exception:  # noqa: BLE001 - a loop outlives whatever goes wrong in one turn
                _log.exception("leases not prolonged")
