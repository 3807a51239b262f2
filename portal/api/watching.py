"""Health and metrics of the portal of this process, on its own port and, where wished, on one beside it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from portal.api import health, metrics
from portal.domain.health import Health
from portal.services.measures import Measure
from portal.wiring import core


def _health() -> Health:
    return core().health.report()


def _measures() -> tuple[Measure, ...] | None:
    """None if metrics are switched off, or have a port of their own."""
    settings = core().settings
    return core().measures.all() if settings.enables_metrics and settings.metrics_port is None else None


routes = (*health.routes(_health), *metrics.routes(_measures))


@contextmanager
def watched() -> Generator[None]:
    """The parts of the portal are looked at inside, and the port for metrics is served if there is one."""
    settings = core().settings
    server = None
    if settings.enables_metrics and settings.metrics_port is not None:
        server = metrics.MetricsServer(settings.host, settings.metrics_port, core().measures.all)
        server.start()
    core().health.start()
    try:
        yield
    finally:
        core().health.stop()
        if server is not None:
            server.stop()
