"""Bounds how often an address may come with credentials that are wrong."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

from portal.domain.errors import Refused

MOST_FAILURES = 20
WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 4096
MOST_KNOWN = 1024


class Attempts:
    """After 20 failures within a minute an address is turned away for the rest of that minute.

    Secrets that were right before are looked up all the same: behind a proxy many clients share one address, and one
    of them must not lock out the others. Safe for several threads.
    """

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds, self._lock = seconds, Lock()
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def admit(self, address: str, secret: str) -> None:
        """Refused("too_many_failures", retry_seconds=…) before the secret is looked up."""
        with self._lock:
            begun, count = self._failures.get(address, (0.0, 0))
            left = begun + WINDOW_SECONDS - self._seconds()
            if count >= MOST_FAILURES and left > 0 and _digest(secret) not in self._known:
                raise Refused("too_many_failures", retry_seconds=int(left) + 1)

    def failed(self, address: str, secret: str) -> None:
        now = self._seconds()
        with self._lock:
            self._known.pop(_digest(secret), None)
            begun, count = self._failures.pop(address, (now, 0))
            fresh = (now, 1) if now - begun >= WINDOW_SECONDS else (begun, count + 1)
            _keep(self._failures, address, fresh, most=MOST_ADDRESSES)

    def succeeded(self, secret: str) -> None:
        with self._lock:
            self._known.pop(_digest(secret), None)
            _keep(self._known, _digest(secret), None, most=MOST_KNOWN)


def _keep(store: OrderedDict, key: object, value: object, *, most: int) -> None:
    store[key] = value
    if len(store) > most:
        store.popitem(last=False)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
