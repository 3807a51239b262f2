"""A portal's workers in a process of their own, to be killed: with a failpoint armed, or from outside."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from portal import wiring
from portal.adapters.clock import SystemClock
from portal.adapters.haproxy.access_log import HAProxyAccessLog
from portal.adapters.haproxy.options import ProxyOptions
from portal.adapters.haproxy.traffic import HAProxyTraffic
from portal.kit import failpoints
from portal.store.database import Database
from portal.wiring import Attendant, Core, Parts
from portal.workers.running import Workers
from tests.crash_kit.engine import NETWORK, DistantContainers


@dataclass(frozen=True, slots=True)
class Place:
    """Where the things are that outlive a worker. `proxy_port` is on 127.0.0.1."""

    url: str
    folder: Path
    proxy_port: int

    @property
    def engine(self) -> str:
        return str(self.folder / "engine")

    @property
    def proxy(self) -> Path:
        return self.folder / "proxy"


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
            containers=DistantContainers(place.engine),
            traffic=traffic,
            access_log=log,
            network=NETWORK,
            attendants=attendants,
        )
    )


def work(place: Place, armed: str, has_log: bool = True) -> None:  # noqa: FBT001, FBT002 - the start of a process
    """Until SIGTERM; dies where a failpoint is armed."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    failpoints.arm(armed)
    workers = Workers(core_at(place, has_log=has_log), threads=2)
    workers.start()
    ended.wait()
    workers.stop()
