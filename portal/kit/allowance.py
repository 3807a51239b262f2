"""Bounds how often something may happen for one name within a time, without growing with the number of names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

MOST_NAMES = 4096


class Allowance:
    """`most` uses of each name within `window_seconds` of the first. Safe for several threads."""

    def __init__(self, most: int, window_seconds: float, *, seconds: Callable[[], float] = monotonic) -> None:
        self._most, self._window_seconds, self._seconds = most, window_seconds, seconds
        self._used: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, name: str) -> float:
        """How long until it may happen again; 0 if it may now."""
        with self._lock:
            begun, count = self._used.get(name, (0.0, 0))
            left = begun + self._window_seconds - self._seconds()
            return left if count >= self._most and left > 0 else 0.0

    def use(self, name: str) -> int:
        """Count one use; the number of them in this window."""
        now = self._seconds()
        with self._lock:
            begun, count = self._used.pop(name, (now, 0))
            self._used[name] = (begun, count + 1) if now - begun < self._window_seconds else (now, 1)
            if len(self._used) > MOST_NAMES:
                self._used.popitem(last=False)
            return self._used[name][1]
