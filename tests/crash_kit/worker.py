"""A portal's workers in a process of their own, to be killed: with a failpoint armed, or from outside."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from portal import wiring
from portal.adapters.clock import SystemClock
from portal.adapters.docker.containers import DockerContainers
from portal.adapters.haproxy.access_log import HAProxyAccessLog
from portal.adapters.haproxy.options import ProxyOptions
from portal.adapters.haproxy.traffic import HAProxyTraffic
from portal.domain.container import Network
from portal.kit import failpoints
from portal.parts import Attendant, Parts
from portal.ports.containers import Containers
from portal.store.database import Database
from portal.wiring import Core
from portal.workers.running import Workers
from tests.crash_kit.engine import NETWORK, DistantContainers


@dataclass(frozen=True, slots=True)
class Place:
    """Where the things are that outlive a worker. `proxy_port` is on 127.0.0.1. The engine is the one in a process of
    its own, or a real one behind a gate."""

    url: str
    folder: Path
    proxy_port: int
    is_engine_real: bool = False
    network: Network = NETWORK

    @property
    def engine(self) -> str:
        return str(self.folder / "engine")

    @property
    def proxy(self) -> Path:
        return self.folder / "proxy"


def containers_at(place: Place) -> Containers:
    return DockerContainers(f"unix://{place.engine}") if place.is_engine_real else DistantContainers(place.engine)


def core_at(place: Place, *, has_log: bool = True) -> Core:
    """A portal over the given things. Of several, one reads the access log."""
    options = ProxyOptions(
        bind=(f"127.0.0.1:{place.proxy_port}",), check_interval_ms=200, check_fast_interval_ms=40, threads=1
    )
    traffic = HAProxyTraffic(place.proxy, options)
    log = HAProxyAccessLog(traffic.folder.log_socket)
    attendants = (Attendant("access log", log.start, log.close, log.close),) if has_log else ()
    return wiring.assemble(
        Parts(
            database=Database(place.url),
            clock=SystemClock(),
            containers=containers_at(place),
            traffic=traffic,
            access_log=log,
            network=place.network,
            attendants=attendants,
        )
    )


def work(place: Place, armed: str, has_log: bool = True) -> None:
    """Until SIGTERM; dies where a failpoint is armed."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    failpoints.arm(armed)
    workers = Workers(core_at(place, has_log=has_log))
    workers.start()
    while not ended.wait(0.5):  # a thread that is not the main one may have taken the signal after a stop
        pass
    workers.stop()
