"""Lines of a container as server-sent events: one thread reads, a bounded queue holds, the browser takes.

Who follows is looked up again every few seconds: with their session or their permission the stream ends.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from datetime import datetime, timedelta

from portal.domain.access import Actor
from portal.domain.container import ContainerLogLine
from portal.domain.errors import PortalError
from portal.wiring import core

HELD_LINES = 5_000
LINES_A_MESSAGE = 500
PACE_SECONDS, QUIET_SECONDS, CHECK_SECONDS = 0.1, 10.0, 5.0


class LogStream:
    """One follower. `again` gives the person anew and raises when their session is over."""

    def __init__(self, actor: Actor, name: str, again: Callable[[], Actor], *, lines: int, last: str) -> None:
        self._actor, self._name, self._again = actor, name, again
        self._lines, self._last = lines, _moment(last)
        self._held: deque[ContainerLogLine] = deque()
        self._lost, self._is_over = 0, False
        self._stop, self._arrived = threading.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._opened = ExitStack()

    async def begin(self) -> None:
        """Raises what forbids it, before anything is answered."""
        await asyncio.to_thread(self._open)
        threading.Thread(target=self._read, name="log-stream", daemon=True).start()

    def _open(self) -> None:
        logs = core().container_logs
        since = self._last
        if since is None:
            newest = logs.tail(self._actor, self._name, lines=self._lines) if self._lines else ()
            self._held.extend(newest)
            since = next((line.at for line in reversed(newest) if line.at), core().clock.now() - timedelta(seconds=1))
            self._last = since if newest else None
        follow = logs.follow(self._actor, self._name, self._stop, since=since)
        self._following = self._opened.enter_context(follow)

    def _read(self) -> None:
        """In a thread of its own; what comes too fast for the browser is counted instead of kept."""
        after = self._last
        try:
            for line in self._following:
                if after and line.at and line.at <= after:
                    continue
                self._keep(line)
                if self._stop.is_set():
                    break
        except PortalError:
            pass
        finally:
            self._is_over = True
            self._opened.close()
            self._wake()

    def _keep(self, line: ContainerLogLine) -> None:
        if len(self._held) >= HELD_LINES:
            self._held.popleft()
            self._lost += 1
        self._held.append(line)
        if len(self._held) == 1 or len(self._held) % LINES_A_MESSAGE == 0:
            self._wake()

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def events(self) -> AsyncIterator[str]:
        """The text of the answer: `lines`, `gap` (how many were lost), `end`, `denied`, and comments in between."""
        checked_at = said_at = self._loop.time()
        try:
            yield "retry: 2000\n\n"
            while True:
                now = self._loop.time()
                if now - checked_at >= CHECK_SECONDS:
                    checked_at = now
                    if not await asyncio.to_thread(self._is_allowed):
                        yield _event("denied", None)
                        return
                if message := self._message():
                    said_at = now
                    yield message
                elif self._is_over:
                    yield _event("end", None)
                    return
                elif now - said_at >= QUIET_SECONDS:
                    said_at = now
                    yield ": here\n\n"
                await self._wait()
        finally:
            self._stop.set()

    async def _wait(self) -> None:
        self._arrived.clear()
        if self._held:
            await asyncio.sleep(PACE_SECONDS)
            return
        try:
            async with asyncio.timeout(1.0):
                await self._arrived.wait()
        except TimeoutError:
            return

    def _message(self) -> str:
        if self._lost:
            lost, self._lost = self._lost, 0
            return _event("gap", lost)
        taken = [self._held.popleft() for _ in range(min(LINES_A_MESSAGE, len(self._held)))]
        if not taken:
            return ""
        last = next((line.at for line in reversed(taken) if line.at), None)
        shown = [[line.at.timestamp() if line.at else 0, line.stream, line.text] for line in taken]
        return _event("lines", shown, last.isoformat() if last else "")

    def _is_allowed(self) -> bool:
        try:
            core().fleet.line(self._again(), self._name)
        except PortalError as error:
            return error.code in ("container_missing", "engine_unreachable", "database_unavailable")
        return True


def _event(name: str, content: object, identity: str = "") -> str:
    head = f"id: {identity}\n" if identity else ""
    return f"{head}event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
