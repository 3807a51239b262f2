"""How the proxy listens, checks and bounds its clients."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """Times in the units of their names. `bucket_header` may carry a user's identity instead of the cookie.

    `trusts_forwarded_for` keeps the X-Forwarded-For of a proxy in front of this one; else a client's own is discarded.
    """

    bind: tuple[str, ...] = ("127.0.0.1:8080",)
    bucket_header: str = "X-Portal-User"
    trusts_forwarded_for: bool = False
    connections: int = 4000
    threads: int = 2
    check_interval_ms: int = 500
    check_fast_interval_ms: int = 150
    check_timeout_ms: int = 1000
    connect_timeout_ms: int = 1000
    request_timeout_seconds: int = 10
    idle_timeout_seconds: int = 30
    answer_timeout_seconds: int = 30
    tunnel_timeout_seconds: int = 3600
    log_buffer_bytes: int = 4_194_304


DEFAULTS = ProxyOptions()
