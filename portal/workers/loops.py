"""Small loops that call a service again and again: watching the traffic, restoring what should run, anchoring the
trail.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from portal.domain.errors import PortalError

LONGEST_PAUSE_SECONDS = 10.0
_log = logging.getLogger(__name__)


class Loop:
    """Calls `act` with `pause_seconds` in between, in a thread of its own. Failures are logged and tried again
    later.
    """

    def __init__(self, name: str, act: Callable[[], object], *, pause_seconds: float) -> None:
        self.name = name
        self._act, self._pause_seconds = act, pause_seconds
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 5.0) -> None:
        self._halt.set()
        self._thread.join(timeout_seconds)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._halt.is_set():
            try:
                self._act()
                failures = 0
            except PortalError as error:
                failures += 1
                _log.warning("loop failed", extra={"loop": self.name, "code": error.code, "failures": failures})
            except Exception:  # noqa: BLE001 - a loop outlives whatever goes wrong in one turn
                failures += 1
                _log.exception("loop failed", extra={"loop": self.name})
            backoff = min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** min(failures, 5)) if failures else 0.0
            self._halt.wait(self._pause_seconds + backoff)
