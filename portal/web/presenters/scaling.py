"""How a service is scaled somewhere: what is set, and the decisions as sentences."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.scaling import ScalingEntry
from portal.services.scaling import ScalingView
from portal.web.presenters.marks import BAD, IDLE, OK, RUN, Badge, environment_words, epoch
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One line of the history. `href` leads to the operation, if there was one."""

    badge: Badge
    why: Words
    reason: str
    by: str
    at: float
    href: str


@dataclass(frozen=True, slots=True)
class ScalingCard:
    """What the sheet shows; `service` is empty while it is closed."""

    service: str = ""
    environment: str = ""
    title: Words = Words()
    replicas: int = 1
    cpu: str = ""
    memory: int = 0
    is_moving: bool = False
    is_on: bool = False
    least: int = 1
    most: int = 5
    metric: str = "cpu"
    target: str = ""
    up_rest: int = 60
    down_rest: int = 300
    lines: tuple[DecisionLine, ...] = ()


_TONES = {"up": (RUN, "chevrons-right"), "down": (OK, "arrow-left-right"), "hold": (IDLE, "circle")}


def scaling_card(view: ScalingView) -> ScalingCard:
    policy, deployment = view.scale.policy, view.deployment
    return ScalingCard(
        service=deployment.service,
        environment=deployment.environment,
        title=words("scaling.title", service=deployment.service, environment=environment_words(deployment.environment)),
        replicas=deployment.replicas,
        cpu=f"{view.limits.cpu_cores:g}",
        memory=view.limits.memory_bytes >> 20,
        is_moving=view.is_moving,
        is_on=policy.is_on,
        least=policy.least,
        most=policy.most,
        metric=policy.metric,
        target=f"{policy.target:g}",
        up_rest=policy.up_cooldown_seconds,
        down_rest=policy.down_cooldown_seconds,
        lines=tuple(_line(entry) for entry in view.entries[:20]),
    )


def _line(entry: ScalingEntry) -> DecisionLine:
    tone, icon = _TONES.get(entry.verb, (BAD, "circle-alert"))
    is_moved = entry.replicas != entry.wanted
    text = (
        words("scaling.to", **{"from": entry.replicas, "to": entry.wanted})
        if is_moved
        else words("scaling.kept", n=entry.replicas)
    )
    return DecisionLine(
        badge=Badge(tone, icon, text),
        why=words(f"scaling.{entry.code}", **dict(entry.params)),
        reason=entry.reason,
        by=entry.by,
        at=epoch(entry.at),
        href=f"/operations/{entry.job_id}" if entry.job_id else "",
    )
