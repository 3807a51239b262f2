"""What is enough of a machine: space, memory, time, ports, and the proxies on the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from portal.domain.doctor import Finding, failed, passed, skipped, warned

LITTLE_SPACE_BYTES, NO_SPACE_BYTES = 5_000_000_000, 500_000_000
LITTLE_MEMORY_BYTES = 1_000_000_000
LARGEST_CLOCK_ERROR_SECONDS = 1.0
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
NO_PROXY = "NO_PROXY"
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks5", "socks5h"})


@dataclass(frozen=True, slots=True)
class ClockReading:
    """`is_synchronised`: what the kernel says, None if it does not; `error_seconds`: how far off it may be."""

    now: datetime
    is_synchronised: bool | None = None
    error_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PortReading:
    """Who has a port: nobody, a portal, or another program. `reason`: why it could not be taken though it is free."""

    host: str
    port: int
    is_taken: bool = False
    is_portal: bool = False
    reason: str = ""


def space(folder: str, free_bytes: int) -> Finding:
    shown = {"folder": folder, "free": f"{free_bytes / 1e9:.1f}", "least": f"{LITTLE_SPACE_BYTES / 1e9:.0f}"}
    if free_bytes < NO_SPACE_BYTES:
        return failed("space_none", remedy="space", **shown)
    if free_bytes < LITTLE_SPACE_BYTES:
        return warned("space_little", remedy="space", **shown)
    return passed("space_fine", **shown)


def memory(total_bytes: int) -> Finding:
    """`total_bytes`: what this process may use, at most; 0 if nobody says."""
    shown = {"total": f"{total_bytes / 1e9:.1f}", "least": f"{LITTLE_MEMORY_BYTES / 1e9:.0f}"}
    if not total_bytes:
        return skipped("memory_unknown")
    if total_bytes < LITTLE_MEMORY_BYTES:
        return warned("memory_little", remedy="memory", **shown)
    return passed("memory_fine", **shown)


def clock(reading: ClockReading, *, built_at: datetime) -> Finding:
    """`built_at`: when these sources came to this machine; a time before it cannot be."""
    if reading.now < built_at:
        return failed("clock_past", remedy="clock", now=f"{reading.now:%Y-%m-%d %H:%M}", built=f"{built_at:%Y-%m-%d}")
    if reading.is_synchronised is None:
        return skipped("clock_unknown")
    if not reading.is_synchronised:
        return warned("clock_free", remedy="clock")
    if reading.error_seconds > LARGEST_CLOCK_ERROR_SECONDS:
        return warned("clock_off", remedy="clock", error=f"{reading.error_seconds:.1f}")
    return passed("clock_fine")


def port(reading: PortReading, *, setting: str) -> Finding:
    """`setting`: the variable by which another one is chosen."""
    shown = {"port": str(reading.port), "host": reading.host, "setting": setting}
    if reading.is_portal:
        return passed("port_portal", **shown)
    if reading.is_taken:
        return failed("port_taken", remedy="port", **shown)
    if reading.reason:
        return failed("port_refused", remedy="port", reason=reading.reason, **shown)
    return passed("port_free", **shown)


def proxy_addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """The proxies that programs will use, by variable; lower case counts more, as it does for curl."""
    found = {name: environment.get(name.lower(), "") or environment.get(name, "") for name in PROXIES}
    return {name: address for name, address in found.items() if address}


def proxies(environment: Mapping[str, str]) -> Finding:
    """Whether the proxies of the environment are well written, agree with each other and leave this machine alone."""
    addresses = proxy_addresses(environment)
    if not addresses:
        return passed("proxies_none")
    for name, address in addresses.items():
        if not _is_proxy(address):
            return failed("proxy_bad", remedy="proxy", variable=name)
        if environment.get(name, address) != environment.get(name.lower(), environment.get(name, address)):
            return warned("proxy_twice", remedy="proxy_twice", variable=name, other=name.lower())
    exempt = (environment.get(NO_PROXY.lower(), "") or environment.get(NO_PROXY, "")).replace(" ", "").split(",")
    if not {"*", "localhost", "127.0.0.1"} & set(exempt):
        return warned("proxy_local", remedy="proxy_local")
    return passed("proxies_fine", names=", ".join(addresses))


def proxy_place(address: str) -> tuple[str, int]:
    """Host and port of a well written proxy; no name, no password."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _is_proxy(address: str) -> bool:
    try:
        host, number = proxy_place(address)
    except ValueError:
        return False
    scheme = address.partition("://")[0] if "://" in address else "http"
    return bool(host) and number > 0 and scheme in _PROXY_SCHEMES and not set(address) & set(" \t\n\"'<>")
