"""The port `notifier` in memory: keeps the last messages, and fails when it is told to."""

from __future__ import annotations

from collections import deque

from portal.domain.errors import PortalError
from portal.domain.notification import Message

KEPT = 200


class MemoryNotifier:
    """Implements `portal.ports.notifier.Notifier`. As long as `failure` is set, it is raised."""

    def __init__(self) -> None:
        self.sent: deque[Message] = deque(maxlen=KEPT)
        self.failure: PortalError | None = None

    def send(self, message: Message) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)
