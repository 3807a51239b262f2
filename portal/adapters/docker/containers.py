"""The port `containers` over the Docker API, for Docker (20.10 or newer) and for Podman's compatible socket."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event, Lock
from time import monotonic, sleep
from typing import TypeVar
from urllib.parse import quote

from portal.adapters.docker import bodies, details, failures, files, lines, reports
from portal.adapters.docker.calls import EngineCall, EngineCalls
from portal.adapters.docker.executions import EngineExecutions
from portal.adapters.docker.failures import Subject, edge
from portal.adapters.docker.holders import EngineHolders, is_holder
from portal.adapters.docker.host import DockerHost
from portal.adapters.docker.images import EngineImages
from portal.adapters.docker.live import LiveContainers
from portal.domain.container import (
    LABEL_FINGERPRINT,
    LABEL_MANAGED,
    Container,
    ContainerEvent,
    ContainerLogLine,
    ContainerSpec,
    ContainerState,
    ContainerStats,
    EngineFacts,
    FileMount,
    Image,
    Limits,
    MemoryFiles,
    Network,
    fingerprint,
)
from portal.domain.engine import ContainerDetails, Execution
from portal.domain.errors import Conflict, NotFound, PortalError, Refused, Unavailable, Unsupported

Seen = TypeVar("Seen")
CALL_SECONDS = 30.0
OTHER_SECONDS = 3.0
OTHER_LOOK_SECONDS = 0.05
REMEMBERED = 512


class DockerContainers:
    """Implements `portal.ports.containers.Containers`; safe to use from several threads.

    `base_url` is a Unix socket (unix:///run/portal/gate.sock), normally the gate's. The engine is asked nothing before
    the first call. `list` is one question and one more for each container.
    """

    def __init__(self, base_url: str, *, timeout_seconds: float = CALL_SECONDS) -> None:
        self._calls = EngineCalls(base_url, timeout_seconds=timeout_seconds)
        self._images = EngineImages(self._calls)
        self._executions = EngineExecutions(self._calls)
        self._live = LiveContainers(self._calls, self.inspect)
        self._holders = EngineHolders(self._calls, self._images)
        self.host = DockerHost(self._calls, self._images)
        self._cpu: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = Lock()

    def about(self) -> EngineFacts:
        with edge():
            version, dialect = self._calls.get("/version"), self._calls.dialect
            return EngineFacts(
                name=dialect.name,
                version=str(version.get("Version", "")),
                api_version=self._calls.api_version,
                is_rootless=self._calls.is_rootless,
                missing=dialect.missing,
            )

    def image(self, reference: str) -> Image:
        return self._images.image(reference)

    def images(self) -> tuple[Image, ...]:
        return self._images.images()

    def pull(self, reference: str) -> Image:
        return self._images.pull(reference)

    def load(self, archive: bytes) -> tuple[Image, ...]:
        return self._images.load(archive)

    def ensure_network(self, network: Network) -> Network:
        found = self._network(network.name)
        if found is None:
            found = self._create_network(network)
        if found.subnet != network.subnet:
            raise Conflict("network_differs", name=network.name, subnet=found.subnet, wanted=network.subnet)
        return found

    def _network(self, name: str) -> Network | None:
        try:
            with edge(Subject(lambda _: NotFound("network_missing", name=name))):
                return reports.network(self._calls.get(f"/networks/{quote(name, safe='')}"))
        except NotFound:
            return None

    def _create_network(self, network: Network) -> Network:
        def failed(reason: str) -> PortalError:
            if "overlap" in reason.lower() or "already used" in reason.lower():
                return Conflict("network_overlaps", name=network.name, subnet=network.subnet)
            return Unavailable("engine_failed", reason=reason)

        with edge(Subject(failed, failed)):
            try:
                self._calls.post("/networks/create", bodies.network(network, self._calls.dialect))
            except Exception:
                if self._network(network.name) is None:
                    raise
        found = self._network(network.name)
        if found is None:
            raise Unavailable("engine_failed", reason=f"network {network.name} is gone")
        return found

    def create(self, spec: ContainerSpec) -> Container:
        files.check(spec)
        image = self._images.known(spec.image)
        found = self._existing(spec) if self._is_taken(spec) else self._create(spec, image)
        if found.state is not ContainerState.CREATED:
            return found
        try:
            self._put_files(spec, found)
        except PortalError:  # unless somebody else started it meanwhile, with its files
            if self.inspect(spec.name).state is ContainerState.CREATED:
                raise
        return found

    def _is_taken(self, spec: ContainerSpec) -> bool:
        """Whether the name is. An engine notices a taken address only at the start: Conflict("address_taken") now."""
        with edge():
            rows = self._calls.get("/containers/json", all=1, filters=bodies.filters(None))
            if any(f"/{spec.name}" in row["Names"] for row in rows):
                return True
            taken = (reports.part(row, "Labels").get(reports.LABEL_ADDRESS) for row in rows)
            if spec.address and spec.address in taken:
                raise Conflict("address_taken", address=spec.address)
            return False

    def _existing(self, spec: ContainerSpec) -> Container:
        try:
            found = self.inspect(spec.name)
        except (NotFound, Refused):
            raise Conflict("container_differs", name=spec.name) from None
        known = found.labels.get(LABEL_FINGERPRINT)
        if known not in (fingerprint(spec), fingerprint(spec, has_bounds=True)):
            raise Conflict("container_differs", name=spec.name)
        return found

    def _create(self, spec: ContainerSpec, image: Image) -> Container:
        subject = Subject(
            lambda reason: failures.missing(spec, reason), lambda reason: failures.uncreated(spec, reason), spec.address
        )
        try:
            with edge(subject):
                body = bodies.container(spec, image.user, dialect=self._calls.dialect)
                self._calls.post("/containers/create", body, name=spec.name)
        except Conflict as error:
            if error.code != "container_differs":
                raise
            with suppress(Refused):
                self._await_other(spec.name)
        return self._existing(spec)

    def _await_other(self, name: str) -> None:
        """Somebody else creates it right now: its name is taken a moment before it can be looked at."""
        end = monotonic() + OTHER_SECONDS
        while monotonic() < end:
            with suppress(NotFound):
                self.inspect(name)
                return
            sleep(OTHER_LOOK_SECONDS)

    def _put_files(self, spec: ContainerSpec, found: Container) -> None:
        with edge(failures.container(spec.name)):
            for folder, archive in files.archives(spec):
                self._calls.send(
                    EngineCall(
                        "PUT",
                        f"/containers/{found.id}/archive",
                        {"path": folder},
                        archive,
                        content_type="application/x-tar",
                    )
                )

    def start(self, name: str) -> None:
        subject = Subject(
            lambda reason: failures.absent_at_start(name, reason),
            lambda reason: Refused("container_start_failed", name=name, reason=reason),
        )
        try:
            with edge(subject):
                self._calls.post(f"{_path(name)}/start")
        except Refused:  # unless somebody else was quicker
            if not self.inspect(name).is_running:
                raise

    def stop(self, name: str, *, grace_seconds: int = 10) -> None:
        path, limit = f"{_path(name)}/stop", grace_seconds + CALL_SECONDS
        self._unless_absent(name, EngineCall("POST", path, {"t": grace_seconds}, timeout_seconds=limit))

    def restart(self, name: str, *, grace_seconds: int = 10) -> None:
        subject = Subject(
            lambda _: NotFound("container_missing", name=name),
            lambda reason: Refused("container_start_failed", name=name, reason=reason),
        )
        limit = grace_seconds + CALL_SECONDS
        with edge(subject):
            self._calls.send(EngineCall("POST", f"{_path(name)}/restart", {"t": grace_seconds}, timeout_seconds=limit))

    def limit(self, name: str, limits: Limits) -> None:
        try:
            with edge(failures.limits(name)):
                self._calls.post(f"{_path(name)}/update", bodies.bounds(limits))
        except NotFound:
            self.inspect(name)  # it is there: it is the call that the engine does not know
            raise Unsupported("engine_cannot", what="limit") from None

    def rewrite_file(self, name: str, file: FileMount) -> None:
        self._live.rewrite_file(name, file)

    def signal(self, name: str, signal: str) -> None:
        self._live.signal(name, signal)

    def remove(self, name: str) -> None:
        self._unless_absent(name, EngineCall("DELETE", _path(name), {"force": 1, "v": 1}))
        with self._lock:
            self._cpu.pop(name, None)

    def _unless_absent(self, name: str, call: EngineCall) -> None:
        try:
            with edge(failures.container(name)):
                self._calls.send(call)
        except NotFound:
            return

    def inspect(self, name: str) -> Container:
        with edge(failures.container(name)):
            return reports.container(self._calls.get(f"{_path(name)}/json"), self._calls.dialect)

    def details(self, name: str) -> ContainerDetails:
        with edge(failures.container(name)):
            return details.details(self._calls.get(f"{_path(name)}/json"), self._calls.dialect)

    def execute(
        self, name: str, command: Sequence[str], *, timeout_seconds: float = 30.0, output_bytes: int = 262_144
    ) -> Execution:
        return self._executions.execute(name, command, timeout_seconds=timeout_seconds, output_bytes=output_bytes)

    def hold(self, wanted: MemoryFiles) -> str:
        return self._holders.hold(wanted)

    def held_since(self, holder: str) -> str:
        return self._holders.held_since(holder)

    def let_go(self, holder: str) -> None:
        self._holders.let_go(holder)

    def list(self, labels: Mapping[str, str] | None = None) -> tuple[Container, ...]:
        with edge():
            return tuple(found for row in self._rows(labels) if (found := _unless_gone(self.inspect, row)))

    def census(self) -> tuple[ContainerDetails, ...]:
        with edge():
            return tuple(found for row in self._rows(None) if (found := _unless_gone(self.details, row)))

    def _rows(self, labels: Mapping[str, str] | None) -> tuple[str, ...]:
        """The ids of those that are no holders of memory."""
        rows = self._calls.get("/containers/json", all=1, filters=bodies.filters(labels))
        return tuple(row["Id"] for row in rows if not is_holder(reports.part(row, "Labels")))

    def logs(self, name: str, *, tail: int = 200, since: datetime | None = None) -> tuple[ContainerLogLine, ...]:
        query = {**_log_query(since), "tail": tail}
        with edge(failures.container(name)):
            content = self._calls.send(EngineCall("GET", f"{_path(name)}/logs", query)).content
            return tuple(lines.log_lines([content]))

    def follow_logs(self, name: str, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerLogLine]:
        with edge(failures.container(name)), _quiet_after(stop):
            query = {**_log_query(since), "follow": 1, "tail": "all"}
            with self._calls.stream(f"{_path(name)}/logs", stop, **query) as pieces:
                yield from lines.log_lines(pieces)

    def stats(self, name: str) -> ContainerStats:
        with edge(failures.container(name)):
            call = EngineCall("GET", f"{_path(name)}/stats", {"stream": 0, "one-shot": 1})
            response = self._calls.send(call)
            found: reports.Document = response.json() if response.content else {}
            return reports.stats(found, self._cpu_percent(name, found))

    def _cpu_percent(self, name: str, found: reports.Document) -> float | None:
        """Between this look and the last one; None at the first."""
        used, at = reports.cpu_nanoseconds(found), reports.moment(found.get("read"))
        if used is None or at is None:
            return None
        with self._lock:
            before = self._cpu.pop(name, None)
            self._cpu[name] = (used, at)
            while len(self._cpu) > REMEMBERED:
                self._cpu.popitem(last=False)
        elapsed = (at - before[1]).total_seconds() if before else 0.0
        return 100.0 * max(0, used - before[0]) / 1e9 / elapsed if before and elapsed > 0 else None

    def events(self, stop: Event, *, since: datetime | None = None) -> Iterator[ContainerEvent]:
        wanted = json.dumps({"type": ["container"], "event": reports.ACTIONS})  # the engine leaves out the rest
        query = {"filters": wanted} | ({"since": f"{since.timestamp():.6f}"} if since else {})
        with edge(), _quiet_after(stop):
            with self._calls.stream("/events", stop, **query) as pieces:
                for document in lines.documents(pieces):
                    if (event := reports.event(document, self._calls.dialect)) and _is_managed(event):
                        yield event
            if not stop.is_set():
                raise Unavailable("engine_unreachable", reason="the event stream ended")


@contextmanager
def _quiet_after(stop: Event) -> Generator[None]:
    """A stream that was told to end may break in any way."""
    try:
        yield
    except Exception:
        if not stop.is_set():
            raise


def _unless_gone(look: Callable[[str], Seen], identity: str) -> Seen | None:
    try:
        return look(identity)
    except NotFound:
        return None


def _path(name: str) -> str:
    return f"/containers/{quote(name, safe='')}"


def _log_query(since: datetime | None) -> dict[str, str | int]:
    query: dict[str, str | int] = {"stdout": 1, "stderr": 1, "timestamps": 1}
    return query | ({"since": f"{since.timestamp():.6f}"} if since else {})


def _is_managed(event: ContainerEvent) -> bool:
    return event.labels.get(LABEL_MANAGED) == "1" and not is_holder(event.labels)
