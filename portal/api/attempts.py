"""Bounds how often an address may come with credentials that are wrong."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

from portal.domain.errors import Refused
from portal.kit.allowance import Allowance

MOST_FAILURES = 20
WINDOW_SECONDS = 60.0
MOST_KNOWN = 1024


class Attempts:
    """After 20 failures within a minute an address is turned away for the rest of that minute.

    Secrets that were right before are looked up all the same: behind a proxy many clients share one address, and one
    of them must not lock out the others. Safe for several threads.
    """

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._failures = Allowance(MOST_FAILURES, WINDOW_SECONDS, seconds=seconds)
        self._lock = Lock()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def admit(self, address: str, secret: str) -> None:
        """Refused("too_many_failures", retry_seconds=…) before the secret is looked up."""
        left_seconds = self._failures.wait_seconds(address)
        with self._lock:
            is_known = _digest(secret) in self._known
        if left_seconds > 0 and not is_known:
            raise Refused("too_many_failures", retry_seconds=int(left_seconds) + 1)

    def failed(self, address: str, secret: str) -> None:
        with self._lock:
            self._known.pop(_digest(secret), None)
        self._failures.use(address)

    def succeeded(self, secret: str) -> None:
        with self._lock:
            self._known.pop(_digest(secret), None)
            self._known[_digest(secret)] = None
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
