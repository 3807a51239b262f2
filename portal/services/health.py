"""Looks at every part of the portal again and again beside the requests, so that an answer never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from portal import __version__
from portal.domain.errors import PortalError
from portal.domain.health import DISABLED, Check, CheckStatus, Health, overall, said
from portal.ports.clock import Clock

Probe = Callable[[], Check]
LOOK_EVERY_SECONDS = 5.0
STALE_AFTER_SECONDS = 15.0
LONGEST_OUTPUT = 300


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen last, and when; `begun` is set while a look is being taken."""

    check: Check
    at: float
    begun: float | None = None
    is_taken: bool = True


class HealthWatch:
    """`probes` by component; None for a part that is switched off. Each is called in a thread of its own every five
    seconds, and never again before it has come back: one that hangs fails by its age and holds up no other.
    """

    def __init__(
        self, clock: Clock, probes: Mapping[str, Probe | None], *, every_seconds: float = LOOK_EVERY_SECONDS
    ) -> None:
        self._clock, self._every_seconds = clock, every_seconds
        self._probes = {name: probe for name, probe in probes.items() if probe is not None}
        self._off = tuple(name for name, probe in probes.items() if probe is None)
        self._order = tuple(probes)
        self._begun = time.monotonic()
        self._looks: dict[str, Look] = {}
        self._lock, self._halt = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(max(1, len(self._probes)), thread_name_prefix="health")

    def watch(self, name: str, probe: Probe) -> None:
        """Look at this part by another probe from the next look on. KeyError for a part that was switched off."""
        with self._lock:
            if name not in self._probes:
                raise KeyError(name)
            self._probes = {**self._probes, name: probe}

    def start(self) -> None:
        """Nothing happens if it runs already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="health", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._halt.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def is_watched(self, name: str) -> bool:
        """Whether there is such a part and it is not switched off."""
        return name in self._probes

    def seen(self, name: str) -> tuple[Check, float] | None:
        """What was seen of the part last, and when by the monotonic clock; None if nothing was yet."""
        with self._lock:
            look = self._looks.get(name)
        return (look.check, look.at) if look is not None and look.is_taken else None

    def look(self, *, timeout_seconds: float = 5.0, only: str = "") -> Health:
        """Check everything now, or one part; what has not answered within the time counts as before."""
        wanted = [name for name in self._probes if only in ("", name)]
        running = [self._pool.submit(self._probe, name) for name in wanted if self._begin(name)]
        until = time.monotonic() + timeout_seconds
        for future in running:
            try:
                future.result(max(0.0, until - time.monotonic()))
            except TimeoutError:
                continue
        return self.report()

    def report(self) -> Health:
        """What was seen last, each with its age. Takes microseconds."""
        now = time.monotonic()
        with self._lock:
            looks = dict(self._looks)
        off = Check(CheckStatus.PASS, DISABLED)
        checks = {name: off if name in self._off else self._aged(looks.get(name), now) for name in self._order}
        return Health(overall(checks), self._clock.now(), now - self._begun, __version__, checks)

    def _aged(self, look: Look | None, now: float) -> Check:
        if look is None:
            return said(CheckStatus.WARN, "unchecked")
        age = max(0.0, now - look.at)
        if look.begun is not None and now - look.begun > STALE_AFTER_SECONDS:
            late = said(CheckStatus.FAIL, "waiting", seconds=f"{now - look.begun:.0f}")
            return replace(late, output=f"{late.output} (before: {look.check.output})"[:LONGEST_OUTPUT])
        return replace(look.check, output=f"{look.check.output} (checked {age:.1f} s ago)"[:LONGEST_OUTPUT])

    def _run(self) -> None:
        while not self._halt.is_set():
            for name in tuple(self._probes):
                if self._begin(name):
                    try:
                        self._pool.submit(self._probe, name)
                    except RuntimeError:  # stopped meanwhile
                        return
            self._halt.wait(self._every_seconds)

    def _begin(self, name: str) -> bool:
        """Whether nobody is looking there already."""
        now = time.monotonic()
        with self._lock:
            look = self._looks.get(name) or Look(said(CheckStatus.WARN, "unchecked"), now, is_taken=False)
            if look.begun is not None:
                return False
            self._looks[name] = replace(look, begun=now)
            return True

    def _probe(self, name: str) -> None:
        begun = time.monotonic()
        check = outcome(self._probes[name])
        ended = time.monotonic()
        with self._lock:
            self._looks[name] = Look(replace(check, duration_ms=round((ended - begun) * 1000, 1)), ended)


def outcome(probe: Probe) -> Check:
    """What the probe says, or that it broke."""
    try:
        check = probe()
    except PortalError as error:
        # The output is for everybody, and the parameters may name addresses: they are for those who read the sentence.
        given = {name: str(value)[:LONGEST_OUTPUT] for name, value in error.params.items()}
        return Check(CheckStatus.FAIL, error.code, code=error.code, params=given)
    except Exception as error:  # noqa: BLE001 - a probe that breaks is an answer too
        name = type(error).__name__
        return Check(CheckStatus.FAIL, name, code="broke", params={"what": name})
    return replace(check, output=check.output[:LONGEST_OUTPUT])
