"""Everything that works beside the pages: started together, watched, and ended together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from portal.domain.errors import PortalError
from portal.services import health_probes
from portal.services.configuration_delivery import Delivery
from portal.store import idempotency, operations, samples
from portal.wiring import Core
from portal.workers.loops import Loop
from portal.workers.operations import OperationWorker
from portal.workers.watchkeeping import Watchkeeping

JOBS = 3  # at a time: they are long, and rollouts come first
SAMPLES_KEPT_SECONDS = 30 * 86_400
_log = logging.getLogger(__name__)


def _try(name: str, end: Callable[[], None]) -> None:
    """Whatever cannot be ended does not keep the rest from ending."""
    try:
        end()
    except PortalError as error:
        _log.warning("not ended", extra={"what": name, "code": error.code})


def settings_delivery(core: Core) -> Delivery:
    """Brings settings to running containers."""
    known = (core.database, core.clock, core.audit, core.containers, core.traffic, core.topics)
    return Delivery(*known, ask=core.parts.ask_to_reload)


class Workers:
    """As many operations at a time as the settings say. The proxy and the access log are started here too."""

    def __init__(self, core: Core) -> None:
        self._core = core
        threads = core.settings.max_concurrent
        self._operations = OperationWorker(core.database, core.topics, core.engine.work, threads=threads)
        self._jobs = OperationWorker(core.database, core.topics, core.job_engine.work, threads=JOBS, does_jobs=True)
        self._loops = [
            Loop("traffic", core.watch.read, pause_seconds=0.0),
            Watchkeeping(core.containers, core.topics, core.keeper.look),
            Loop("configuration", settings_delivery(core).work, pause_seconds=0.0),
            Loop("secrets", core.secret_delivery.keep, pause_seconds=5.0),
            Loop("environments", core.life.tend, pause_seconds=30.0),
            Loop("scaling", core.scaling.tend, pause_seconds=5.0),
            Loop("secrets due", core.secret_schedule.look, pause_seconds=60.0),
            Loop("anchors", core.audit.anchor, pause_seconds=60.0),
            Loop("search", core.search.catch_up, pause_seconds=2.0),
            Loop("outbox", core.outbox.work, pause_seconds=0.05),
            Loop("backup log", core.backups.ship, pause_seconds=0.3),
            Loop("backups", core.backups.tend, pause_seconds=1.0),
            Loop("retention", self._drop_what_is_old, pause_seconds=600.0),
        ]

    def start(self) -> None:
        """Raises what an attendant raises that cannot be started, such as Unavailable("proxy_missing")."""
        if self._core.database.is_sqlite:
            with self._core.database.transaction() as session:
                operations.free_leases(session)
        for attendant in self._core.parts.attendants:
            attendant.start()
        self._operations.start()
        self._jobs.start()
        self._core.health.watch("workers", health_probes.workers(self._core.database, lambda: self.is_alive))
        for loop in self._loops:
            loop.start()

    def stop(self, *, ends_traffic: bool = False) -> None:
        """Finish what is being done. Containers and proxy go on serving without the portal unless `ends_traffic`."""
        self._core.job_engine.halt.set()
        self._operations.stop()
        self._jobs.stop()
        for loop in self._loops:
            loop.stop()
        _try("backups", self._core.backups.stop)
        if ends_traffic:
            _try("containers", self._core.deployments.rest)
        for attendant in reversed(self._core.parts.attendants):
            _try(attendant.name, attendant.end if ends_traffic else attendant.leave)

    @property
    def is_alive(self) -> bool:
        return self._operations.is_alive and self._jobs.is_alive and all(loop.is_alive for loop in self._loops)

    def _drop_what_is_old(self) -> None:
        with self._core.database.transaction() as session:
            samples.drop_before(session, int(time.time()) - SAMPLES_KEPT_SECONDS)
            idempotency.forget_old(session, self._core.clock.now())
        self._core.jobs.forget_old()
        self._core.drift.forget_old()
        self._core.notifications.forget_old()
        self._core.outbox.forget_old()
