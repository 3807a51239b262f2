"""The machine behind the engine, and its images, volumes and networks, in words."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.container_view import ImageUse, NetworkUse, VolumeUse
from portal.domain.engine import HostFacts, OtherContainer
from portal.services.container_hosts import image_name
from portal.web.presenters.containers import Pair, size
from portal.web.presenters.marks import BAD, IDLE, OK, Badge, Confirmation, epoch
from portal.web.words import Words, same, words

SHOWN_USERS = 3


@dataclass(frozen=True, slots=True)
class Belonging:
    """An image, volume or network. `refusal` says why it cannot be removed; empty if it can."""

    kind: str
    id: str
    name: str
    more: tuple[str, ...] = ()
    size: str = ""
    created_at: float = 0.0
    detail: str = ""
    users: tuple[Words, ...] = ()
    refusal: Words = Words()


@dataclass(frozen=True, slots=True)
class HostCard:
    name: str = ""
    engine: str = ""
    cpus: str = ""
    memory: str = ""
    running: int = 0
    stopped: int = 0
    images: int = 0
    facts: tuple[Pair, ...] = ()
    security: tuple[str, ...] = ()
    lacks: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Stranger:
    name: str
    image: str
    badge: Badge
    created_at: float


def host_card(facts: HostFacts) -> HostCard:
    pairs = (
        ("system", facts.operating_system),
        ("kernel", facts.kernel),
        ("architecture", facts.architecture),
        ("storage", facts.storage_driver),
        ("api", facts.api_version),
    )
    return HostCard(
        name=facts.name,
        engine=f"{facts.engine.capitalize()} {facts.version}",
        cpus=str(facts.cpus or "–"),
        memory=size(facts.memory_bytes) if facts.memory_bytes else "–",
        running=facts.containers_running,
        stopped=facts.containers_stopped + facts.containers_paused,
        images=facts.images,
        facts=tuple(Pair(words(f"host.{name}"), same(value)) for name, value in pairs if value),
        security=tuple(_security(option) for option in facts.security),
        lacks=tuple(words(f"error.{code}") for code in facts.missing.values()),
    )


def _security(option: str) -> str:
    """`name=seccomp,profile=default` as `seccomp (default)`."""
    pairs = [part.partition("=") for part in option.split(",")]
    name = next((value for key, _, value in pairs if key == "name"), option)
    more = ", ".join(value for key, _, value in pairs if key != "name" and value)
    return f"{name} ({more})" if more else name


def strangers(others: tuple[OtherContainer, ...]) -> list[Stranger]:
    return [
        Stranger(
            other.name,
            other.image,
            Badge(
                OK if other.state == "running" else IDLE if other.state != "dead" else BAD,
                "check" if other.state == "running" else "circle",
                words("container_state.ended" if other.state == "exited" else f"container_state.{other.state}"),
            ),
            epoch(other.created_at),
        )
        for other in others
    ]


def image_line(use: ImageUse) -> Belonging:
    others = (words("engine.others_use", n=use.others),) if use.others else ()
    users = (*_users(use.containers), *(same(name) for name in use.releases[:SHOWN_USERS]), *others)
    return Belonging(
        kind="image",
        id=use.id,
        name=image_name(use),
        more=use.tags[1:],
        size=size(use.size_bytes),
        created_at=epoch(use.created_at),
        detail=use.id.removeprefix("sha256:")[:12],
        users=users,
        refusal=words(f"error.{use.refusal}", image=image_name(use)) if use.refusal else Words(),
    )


def volume_line(use: VolumeUse) -> Belonging:
    found = use.volume
    return Belonging(
        kind="volume",
        id=found.name,
        name=found.name,
        size=size(found.size_bytes),
        created_at=epoch(found.created_at),
        detail=found.driver,
        users=_users(use.containers),
        refusal=words(f"error.{use.refusal}", name=found.name) if use.refusal else Words(),
    )


def network_line(use: NetworkUse) -> Belonging:
    found = use.network
    return Belonging(
        kind="network",
        id=found.name,
        name=found.name,
        created_at=epoch(found.created_at),
        detail=f"{found.subnet} · {found.driver}",
        users=_users(use.containers),
        refusal=words(f"error.{use.refusal}", name=found.name) if use.refusal else Words(),
    )


def _users(names: tuple[str, ...]) -> tuple[Words, ...]:
    shown = tuple(same(name) for name in names[:SHOWN_USERS])
    rest = len(names) - len(shown)
    return (*shown, words("engine.more_use", n=rest)) if rest else shown


def removal(line: Belonging) -> Confirmation:
    return Confirmation(
        name=line.name,
        title=words(f"engine.remove.{line.kind}", name=line.name),
        consequence=words(f"engine.remove.{line.kind}_more"),
        button=words("engine.remove.do"),
    )
