"""Where Podman's answers and abilities differ from Docker's, behind the same API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Dialect:
    """`ulimits` are asked for where the engine's own defaults may be more than its host lets it give.

    `event_words` and `state_words` map an engine's own words to Docker's. `missing` is as in EngineFacts.
    """

    name: str
    has_dynamic_range: bool = True
    ulimits: Mapping[str, int] = field(default_factory=dict[str, int])
    event_words: Mapping[str, str] = field(default_factory=dict[str, str])
    state_words: Mapping[str, str] = field(default_factory=dict[str, str])
    missing: Mapping[str, str] = field(default_factory=dict[str, str])


DOCKER = Dialect("docker")
PODMAN = Dialect(
    "podman",
    has_dynamic_range=False,
    ulimits={"nofile": 4096, "nproc": 4096},
    event_words={"died": "die", "remove": "destroy", "cleanup": ""},
    state_words={"configured": "created", "initialized": "created", "stopped": "exited", "stopping": "running"},
    missing={
        "health": "engine_lacks_health",
        "dynamic_range": "engine_lacks_dynamic_range",
        "log_precision": "engine_lacks_log_precision",
        "long_lines": "engine_lacks_long_lines",
        "memory_kills": "engine_lacks_memory_kills",
        "merged_files": "engine_lacks_merged_files",
    },
)
