"""Which request and which operation the running code works for: carried along into threads by `asyncio.to_thread`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
operation_id: ContextVar[str] = ContextVar("operation_id", default="")


@contextmanager
def working_for(*, request: str = "", operation: str | int = "") -> Generator[None, None, None]:
    """Name the request or operation for everything logged and audited inside; what is not named stays as it was."""
    tokens = [
        (variable, variable.set(str(value)))
        for variable, value in ((request_id, request), (operation_id, operation))
        if value != ""
    ]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)
