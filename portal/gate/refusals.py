"""What the gate says no to, and the one line it writes when it does."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

TEXT_KEPT = 200


class Refusal(Exception):
    """The call is not allowed. `status` is the HTTP status of the answer, `reason` says which rule it met."""

    def __init__(self, reason: str, *, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason[:TEXT_KEPT]
        self.status = status


class EngineSilent(Exception):
    """The engine did not answer, or not in time."""


def journal(event: str, **facts: object) -> None:
    """One JSON line on standard error."""
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
    line |= {name: _short(value) for name, value in facts.items()}
    sys.stderr.write(json.dumps(line) + "\n")


def _short(value: object) -> object:
    return value[:TEXT_KEPT] if isinstance(value, str) else value
