"""What the engine's documents say, as objects of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.adapters.docker.dialects import Dialect
from portal.domain.container import (
    LABEL_ADDRESS,
    Container,
    ContainerEvent,
    ContainerHealth,
    ContainerState,
    ContainerStats,
    Image,
    Network,
)

Document = Mapping[str, Any]
ACTIONS = (
    *("create", "start", "restart", "stop", "kill", "die", "oom", "pause", "unpause", "destroy", "rename", "update"),
    *("health_status", "died", "remove"),
)


def part(document: Document, name: str) -> Document:
    """A document inside a document; empty where the engine leaves it out or says null."""
    found: Document | None = document.get(name)
    return found or {}


def moment(text: str | None) -> datetime | None:
    """A time of the engine in UTC; None for its zero time and for none."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text).astimezone(UTC)


def container(document: Document, dialect: Dialect) -> Container:
    state = document["State"]
    word = state["Status"]
    known = ContainerState(_state(dialect.state_words.get(word, word)))
    is_over = known in (ContainerState.EXITED, ContainerState.DEAD, ContainerState.RESTARTING)
    return Container(
        id=document["Id"],
        name=document["Name"].lstrip("/"),
        image=document["Image"],
        state=known,
        health=_health(state),
        labels=part(document["Config"], "Labels"),
        address=address(document),
        started_at=moment(state.get("StartedAt")),
        restart_count=document.get("RestartCount") or 0,
        is_oom_killed=bool(state.get("OOMKilled")),
        exit_code=state.get("ExitCode") if is_over else None,
        created_at=moment(document.get("Created")),
        networks=tuple(part(part(document, "NetworkSettings"), "Networks")),
        volumes=tuple(str(m.get("Name")) for m in document.get("Mounts") or () if m.get("Type") == "volume"),
    )


def _state(word: str) -> str:
    return "dead" if word == "removing" else word


def _health(state: Document) -> ContainerHealth:
    found = part(state, "Health") or part(state, "Healthcheck")
    return ContainerHealth(found.get("Status") or "none")


def address(document: Document) -> str:
    """The address it has, else the fixed one it will have, which not every engine repeats: hence the label."""
    for endpoint in part(document["NetworkSettings"], "Networks").values():
        if found := endpoint.get("IPAddress"):
            return str(found)
    return str(part(document["Config"], "Labels").get(LABEL_ADDRESS, ""))


def image(document: Document) -> Image:
    config = part(document, "Config")
    return Image(
        id=_image_id(document["Id"]),
        tags=tuple(document.get("RepoTags") or ()),
        repo_digests=tuple(document.get("RepoDigests") or ()),
        labels=part(config, "Labels") or part(document, "Labels"),
        user=config.get("User") or "",
        size_bytes=document.get("Size") or 0,
        created_at=_created(document.get("Created")),
        environment=dict(variable(line) for line in config.get("Env") or ()),
    )


def variable(line: str) -> tuple[str, str]:
    """NAME=value as a pair."""
    name, _, value = line.partition("=")
    return name, value


def _image_id(text: str) -> str:
    return text if text.startswith("sha256:") else f"sha256:{text}"


def _created(value: str | int | None) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else moment(value)


def network(document: Document) -> Network:
    pools: list[Document] = part(document, "IPAM").get("Config") or [{}]
    return Network(document["Name"], pools[0].get("Subnet", ""), pools[0].get("IPRange", ""))


def event(document: Document, dialect: Dialect) -> ContainerEvent | None:
    """None for events that nobody outside the engine should see."""
    word = str(document.get("Action") or document.get("status") or "")
    word = dialect.event_words.get(word, word)
    if not word or word.startswith("exec_"):
        return None
    actor = part(document, "Actor")
    facts: dict[str, str] = dict(part(actor, "Attributes"))
    code = facts.pop("exitCode", facts.pop("containerExitCode", ""))
    name = facts.pop("name", "")
    at = datetime.fromtimestamp(document.get("timeNano", 0) / 1e9 or document.get("time", 0), UTC)
    is_code = code.lstrip("-").isdigit() and word == "die"
    return ContainerEvent(at, word, actor.get("ID", ""), name, facts, int(code) if is_code else None)


def stats(document: Document, cpu_percent: float | None) -> ContainerStats:
    memory, networks = part(document, "memory_stats"), part(document, "networks")
    return ContainerStats(
        at=moment(document.get("read")) or datetime.now(UTC),
        cpu_percent=cpu_percent,
        memory_bytes=_memory(memory),
        memory_limit_bytes=memory.get("limit"),
        pids=part(document, "pids_stats").get("current"),
        network_received_bytes=_sum(networks, "rx_bytes"),
        network_sent_bytes=_sum(networks, "tx_bytes"),
    )


def _memory(memory: Document) -> int | None:
    """Use without the cached files that the kernel gives back first (cgroup v1 and v2 name them differently)."""
    if "usage" not in memory:
        return None
    detail = part(memory, "stats")
    reclaimable = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return max(0, memory["usage"] - reclaimable)


def _sum(networks: Document, field: str) -> int | None:
    return sum(card.get(field, 0) for card in networks.values()) if networks else None


def cpu_nanoseconds(document: Document) -> int | None:
    """Processor time used since its start; None if the engine does not say."""
    found: int | None = part(part(document, "cpu_stats"), "cpu_usage").get("total_usage")
    return found
