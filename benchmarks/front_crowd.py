"""Many open pages at once, without browsers: each is a websocket that speaks as the page of a rollout does."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, Request, TextMessage
from wsproto.extensions import Extension, PerMessageDeflate

NAMESPACE = "/_event"
STATE = "reflex___state____state"
OPEN_SECONDS = 60.0
_CHUNK_BYTES = 262_144
_MARK = re.compile(r"mark-\d+")


@dataclass(slots=True)
class OpenPage:
    """One tab: `heard` tells when each message came and how long it was, `marks` when each mark was first seen."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    wire: WSConnection
    path: str
    heard: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    marks: dict[str, float] = field(default_factory=dict[str, float])
    is_open: bool = False
    _parts: list[str] = field(default_factory=list[str])

    def send(self, event: Event) -> None:
        self.writer.write(self.wire.send(event))

    def fire(self, name: str, payload: dict[str, object]) -> None:
        """Send an event of the page's own, as a click does."""
        packet = ["event", _event(name, payload, self.path)]
        self.send(TextMessage(f"42{NAMESPACE},{json.dumps(packet)}"))

    async def listen(self) -> None:
        """Until the connection ends: note what comes."""
        while chunk := await self.reader.read(_CHUNK_BYTES):
            self.wire.receive_data(chunk)
            for event in self.wire.events():
                self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                start = _event(f"{STATE}.hydrate_and_load", {}, self.path)
                self.send(TextMessage(f"40{NAMESPACE},{json.dumps({'event': start})}"))
            case Ping():
                self.send(event.response())
            case CloseConnection():
                self.writer.close()
            case TextMessage():
                self._parts.append(event.data)
                if event.message_finished:
                    text, self._parts = "".join(self._parts), []
                    self._read(text)
            case _:
                pass

    def _read(self, text: str) -> None:
        if text == "2":
            self.send(TextMessage("3"))
            return
        now = time.monotonic()
        self.heard.append((now, len(text)))
        self.is_open = self.is_open or '"is_loaded_rx_state_":true' in text
        for mark in _MARK.findall(text):
            self.marks.setdefault(mark, now)


def _event(name: str, payload: dict[str, object], path: str) -> dict[str, object]:
    return {"name": name, "payload": payload, "router_data": {"pathname": path, "asPath": path, "query": {}}}


async def open_page(url: str, cookie: str, path: str, *, token: str = "") -> OpenPage:
    """Connected; it is loaded once `is_open`. A tab that comes back has its `token`."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    wire = WSConnection(ConnectionType.CLIENT)
    page = OpenPage(reader, writer, wire, path)
    headers = [(b"Origin", url.encode()), (b"Cookie", cookie.encode())]
    target = f"{NAMESPACE}/?EIO=4&transport=websocket&token={token or uuid.uuid4()}"
    offered: list[Extension] = [PerMessageDeflate()]  # as every browser does
    asked = Request(address.netloc, target, extra_headers=headers, subprotocols=[version("reflex")], extensions=offered)
    page.send(asked)
    _tasks.append(asyncio.create_task(page.listen()))
    return page


_tasks: list[asyncio.Task[None]] = []


async def open_pages(url: str, cookies: list[str], path: str, *, number: int) -> list[OpenPage]:
    """So many pages of the same path, all loaded. TimeoutError if that takes longer than a minute."""
    pages: list[OpenPage] = []
    for at in range(number):
        pages.append(await open_page(url, cookies[at % len(cookies)], path))
        if at % 10 == 9:
            await _until(lambda: all(page.is_open for page in pages))
    await _until(lambda: all(page.is_open for page in pages))
    return pages


async def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + OPEN_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not all pages are open after {OPEN_SECONDS:.0f} s")
        await asyncio.sleep(0.02)


def close_pages(pages: list[OpenPage]) -> None:
    for page in pages:
        page.writer.close()
    for task in _tasks:
        task.cancel()
    _tasks.clear()


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from a change to its arrival on each page, and how often it never came."""

    seconds: list[float]
    missed: int


async def arrivals(pages: list[OpenPage], change: Callable[[str], Awaitable[None]], *, rounds: int) -> Lateness:
    """Once a second `change` makes something new that every page shows by the mark it is given."""
    begun: dict[str, float] = {}
    for at in range(rounds):
        mark = f"mark-{at}"
        begun[mark] = time.monotonic()
        await change(mark)
        await asyncio.sleep(max(0.0, begun[mark] + 1.0 - time.monotonic()))
    await asyncio.sleep(1.0)
    late = [page.marks[mark] - since for mark, since in begun.items() for page in pages if mark in page.marks]
    return Lateness(late, len(pages) * rounds - len(late))
