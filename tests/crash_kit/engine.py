"""A container engine in a process of its own that outlives every worker: containers are small HTTP servers on loopback.

The engine in memory keeps the books; starting one of its containers opens a real listener at the container's address.
Workers reach it over a socket, as they would reach a real one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from portal.adapters.memory.containers import MemoryContainers
from portal.adapters.memory.world import Behaviour, MemoryWorld
from portal.domain import errors
from portal.domain.container import (
    Container,
    ContainerEvent,
    ContainerLogLine,
    ContainerSpec,
    ContainerStats,
    EngineFacts,
    FileMount,
    Image,
    Limits,
    MemoryFiles,
    Network,
)
from portal.domain.engine import ContainerDetails, Execution
from portal.ports.containers import Host

NETWORK = Network("crash", "127.77.0.0/16", "127.77.128.0/17")
PORT = 8080
KEY = b"crash trials"
IMAGES = {
    "hello:1.0.0": Behaviour(version="1.0.0"),
    "hello:1.1.0": Behaviour(version="1.1.0"),
    "hello:1.2.0": Behaviour(version="1.2.0", error_rate=0.5),
}


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Answers(asyncio.Protocol):
    """One connection to a container: every request is answered with the version, or fails at its rate."""

    def __init__(self, behaviour: Behaviour, open_ones: set[asyncio.Transport]) -> None:
        self.behaviour, self.open_ones = behaviour, open_ones
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.open_ones.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_ones.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end]
            length = next((int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0)
            if len(self.received) < end + 4 + length:
                return
            self.received = self.received[end + 4 + length :]
            self.answer(head)

    def answer(self, head: bytes) -> None:
        is_check = b" /healthz " in head.split(b"\r\n", 1)[0]
        is_failing = not is_check and random.random() < self.behaviour.error_rate
        status = "500 Internal Server Error" if is_failing else "200 OK"
        body = self.behaviour.version
        self.transport.write(
            f"HTTP/1.1 {status}\r\nX-Version: {body}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )


class Listeners:
    """The servers of the running containers, on one event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.servers: dict[str, tuple[asyncio.Server, set[asyncio.Transport]]] = {}
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def open(self, name: str, address: str, behaviour: Behaviour) -> None:
        asyncio.run_coroutine_threadsafe(self._open(name, address, behaviour), self.loop).result(10)

    def close(self, name: str) -> None:
        asyncio.run_coroutine_threadsafe(self._close(name), self.loop).result(10)

    async def _open(self, name: str, address: str, behaviour: Behaviour) -> None:
        open_ones: set[asyncio.Transport] = set()
        server = await self.loop.create_server(lambda: Answers(behaviour, open_ones), address, PORT)
        self.servers[name] = (server, open_ones)

    async def _close(self, name: str) -> None:
        server, open_ones = self.servers.pop(name)
        server.close()
        for transport in list(open_ones):
            transport.abort()


class LoopbackContainers(MemoryContainers):
    """The engine in memory, with real servers, and a count of what was really done to each container."""

    def __init__(self) -> None:
        super().__init__(MemoryWorld(RealClock()))
        self.listeners = Listeners()
        self.done: Counter[tuple[str, str]] = Counter()
        self.calls: Counter[str] = Counter()
        for reference, behaviour in IMAGES.items():
            self.world.add_image(reference, behaviour)

    def create(self, spec: ContainerSpec) -> Container:
        with self.world.lock:
            self._count("create", spec.name, is_change=spec.name not in self.world.containers)
            return super().create(spec)

    def start(self, name: str) -> None:
        with self.world.lock:
            super().start(name)
            container = self.world.container(name)
            self._count("start", name, is_change=name not in self.listeners.servers)
            if name not in self.listeners.servers:
                self.listeners.open(name, container.address, container.behaviour)

    def stop(self, name: str, *, grace_seconds: int = 10) -> None:
        with self.world.lock:
            self._count("stop", name, is_change=name in self.listeners.servers)
            super().stop(name, grace_seconds=grace_seconds)
            if name in self.listeners.servers:
                self.listeners.close(name)

    def remove(self, name: str) -> None:
        with self.world.lock:
            self.stop(name)
            self._count("remove", name, is_change=name in self.world.containers)
            super().remove(name)

    def _count(self, action: str, name: str, *, is_change: bool) -> None:
        self.calls[action] += 1
        if is_change:
            self.done[action, name] += 1

    def repeated(self) -> dict[str, int]:
        """What was done to a container more than once, and how often."""
        with self.world.lock:
            return {f"{action} {name}": times for (action, name), times in self.done.items() if times > 1}

    def called(self) -> dict[str, int]:
        with self.world.lock:
            return dict(self.calls)


class DistantContainers:
    """The port `containers`, and the counts, of an engine behind a socket. A connection a thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._mine = threading.local()

    def _ask(self, method: str, *arguments: object, **options: object) -> Any:
        if not hasattr(self._mine, "connection"):
            self._mine.connection = Client(self._path, "AF_UNIX", authkey=KEY)
        try:
            self._mine.connection.send((method, arguments, options))
            code, answer = self._mine.connection.recv()
        except (OSError, EOFError) as failure:
            del self._mine.connection
            raise errors.Unavailable("engine_unreachable", reason=failure) from failure
        if code:
            raise getattr(errors, code)(answer[0], **answer[1])
        return answer

    def about(self) -> EngineFacts:
        return self._ask("about")

    def image(self, reference: str) -> Image:
        return self._ask("image", reference)

    def images(self) -> tuple[Image, ...]:
        return self._ask("images")

    def pull(self, reference: str) -> Image:
        return self._ask("pull", reference)

    def load(self, archive: bytes) -> tuple[Image, ...]:
        return self._ask("load", archive)

    def ensure_network(self, network: Network) -> Network:
        return self._ask("ensure_network", network)

    def create(self, spec: ContainerSpec) -> Container:
        return self._ask("create", spec)

    def start(self, name: str) -> None:
        self._ask("start", name)

    def stop(self, name: str, *, grace_seconds: int = 10) -> None:
        self._ask("stop", name, grace_seconds=grace_seconds)

    def restart(self, name: str, *, grace_seconds: int = 10) -> None:
        self._ask("restart", name, grace_seconds=grace_seconds)

    def remove(self, name: str) -> None:
        self._ask("remove", name)

    def details(self, name: str) -> ContainerDetails:
        return self._ask("details", name)

    def execute(
        self, name: str, command: Sequence[str], *, timeout_seconds: float = 30.0, output_bytes: int = 262_144
    ) -> Execution:
        return self._ask("execute", name, command, timeout_seconds=timeout_seconds, output_bytes=output_bytes)

    def inspect(self, name: str) -> Container:
        return self._ask("inspect", name)

    def limit(self, name: str, limits: Limits) -> None:
        self._ask("limit", name, limits)

    def rewrite_file(self, name: str, file: FileMount) -> None:
        self._ask("rewrite_file", name, file)

    def signal(self, name: str, signal: str) -> None:
        self._ask("signal", name, signal)

    def hold(self, wanted: MemoryFiles) -> str:
        return self._ask("hold", wanted)

    def held_since(self, holder: str) -> str:
        return self._ask("held_since", holder)

    def let_go(self, holder: str) -> None:
        self._ask("let_go", holder)

    def census(self) -> tuple[ContainerDetails, ...]:
        return self._ask("census")

    def list(self, labels: Mapping[str, str] | None = None) -> tuple[Container, ...]:
        return self._ask("list", labels)

    def logs(self, name: str, *, tail: int = 200, since: datetime | None = None) -> tuple[ContainerLogLine, ...]:
        return self._ask("logs", name, tail=tail, since=since)

    def stats(self, name: str) -> ContainerStats:
        return self._ask("stats", name)

    @property
    def host(self) -> Host:
        raise errors.Unsupported("engine_cannot", what="what it has beside containers")

    def follow_logs(
        self, name: str, stop: threading.Event, *, since: datetime | None = None
    ) -> Iterator[ContainerLogLine]:
        raise errors.Unsupported("engine_cannot", what=f"follow the log of {name}")

    def events(self, stop: threading.Event, *, since: datetime | None = None) -> Iterator[ContainerEvent]:
        raise errors.Unsupported("engine_cannot", what="events")

    def repeated(self) -> dict[str, int]:
        return self._ask("repeated")

    def called(self) -> dict[str, int]:
        return self._ask("called")


def serve(engine: LoopbackContainers, connection: Connection) -> None:
    """One client, until it goes away, however it does."""
    with contextlib.suppress(OSError, EOFError):
        while True:
            method, arguments, options = connection.recv()
            try:
                answer = "", getattr(engine, method)(*arguments, **options)
            except errors.PortalError as error:
                answer = type(error).__name__, (error.code, error.params)
            connection.send(answer)


def main() -> None:
    engine = LoopbackContainers()
    with Listener(sys.argv[1], "AF_UNIX", backlog=64, authkey=KEY) as listener:
        print("ready", flush=True)
        while True:
            with contextlib.suppress(OSError, EOFError):
                threading.Thread(target=serve, args=(engine, listener.accept()), daemon=True).start()


if __name__ == "__main__":
    main()
