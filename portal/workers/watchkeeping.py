"""Looks after everything at once when the engine tells of something, and every two seconds anyway."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from portal.domain.errors import PortalError
from portal.kit.topics import Topics
from portal.ports.containers import Containers

LOOK_SECONDS = 2.0
SHORTEST_PAUSE_SECONDS = 0.3
LISTEN_AGAIN_SECONDS = 1.0
TOPIC = "engine"
_log = logging.getLogger(__name__)


class Watchkeeping:
    """Two threads: one listens to the engine's events, one looks. Neither ends because something fails: an engine that
    is away is asked again at the same pace, so that its return is seen at once.
    """

    name = "watchkeeping"

    def __init__(self, containers: Containers, topics: Topics, look: Callable[[], object]) -> None:
        self._containers, self._topics, self._look = containers, topics, look
        self._halt = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, name="keep", daemon=True),
            threading.Thread(target=self._listen, name="engine-events", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout_seconds: float = 5.0) -> None:
        self._halt.set()
        self._topics.publish(TOPIC)
        for thread in self._threads:
            thread.join(timeout_seconds)

    @property
    def is_alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def _watch(self) -> None:
        seen, failures = -1, 0
        while not self._halt.is_set():
            try:
                self._look()
                failures = 0
            except PortalError as error:
                failures += 1
                if failures == 1:  # and not every two seconds
                    _log.warning("look failed", extra={"code": error.code})
            except Exception:  # noqa: BLE001 - a loop outlives whatever goes wrong in one turn
                _log.exception("look failed")
            self._halt.wait(SHORTEST_PAUSE_SECONDS)
            seen = self._topics.wait(TOPIC, seen, timeout_seconds=LOOK_SECONDS - SHORTEST_PAUSE_SECONDS)

    def _listen(self) -> None:
        while not self._halt.is_set():
            try:
                for _ in self._containers.events(self._halt):
                    self._topics.publish(TOPIC)
            except PortalError:
                self._topics.publish(TOPIC)
            except Exception:  # noqa: BLE001 - a loop outlives whatever goes wrong in one turn
                _log.exception("listening failed")
            self._halt.wait(LISTEN_AGAIN_SECONDS)
