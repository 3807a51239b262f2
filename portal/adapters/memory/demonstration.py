"""The sample service's images as the world in memory knows them: the same versions as those built for an engine."""

from __future__ import annotations

from portal.adapters.memory.world import Behaviour

DEMONSTRATION_RATE = 80.0  # requests a second


def demonstration_images() -> dict[str, Behaviour]:
    """By version: two good ones, one with five per cent errors, one that is half as slow again."""
    return {
        "1.0.0": Behaviour(version="1.0.0", latency_ms=20.0),
        "1.1.0": Behaviour(version="1.1.0", latency_ms=20.0),
        "1.2.0": Behaviour(version="1.2.0", latency_ms=20.0, error_rate=0.05),
        "1.3.0": Behaviour(version="1.3.0", latency_ms=30.0),
    }
