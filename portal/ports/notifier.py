"""What the portal asks of a way out: hand over one message."""

from __future__ import annotations

from typing import Protocol

from portal.domain.notification import Message


class Notifier(Protocol):
    def send(self, message: Message) -> None:
        """Handed over when it returns, within 30 s. Unavailable("delivery_failed", reason=…) if trying again may
        help, Refused("delivery_refused", reason=…) if not. Nothing else is raised.
        """
        ...
