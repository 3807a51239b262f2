"""How many containers a service has in an environment, with which bounds, and the policy that changes their number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.container import Limits
from portal.domain.errors import Invalid

MOST_REPLICAS = 50
TOLERANCE = 0.1  # a load this close to its target is on target


class ScalingMetric(StrEnum):
    CPU = "cpu"  # per cent of the processor that a container may use, on average
    REQUESTS = "requests"  # requests a second and container


@dataclass(frozen=True, slots=True)
class ScalingPolicy:
    """`least` and `most` containers, so that each has a load of `target`; at rest so long after each change."""

    is_on: bool = False
    least: int = 1
    most: int = 5
    metric: ScalingMetric = ScalingMetric.CPU
    target: float = 60.0
    up_cooldown_seconds: int = 60
    down_cooldown_seconds: int = 300


@dataclass(frozen=True, slots=True)
class Scale:
    """What somebody has set for a service in an environment; None stands for what environment and service say.

    `acted_at` is when the number was last changed, by hand or by the policy.
    """

    service: str
    environment: str
    replicas: int | None = None
    cpu_cores: float | None = None
    memory_bytes: int | None = None
    policy: ScalingPolicy = ScalingPolicy()
    acted_at: datetime | None = None

    def limits(self, limits: Limits) -> Limits:
        """The service's own limits with what is set here put over them."""
        return Limits(
            cpu_cores=self.cpu_cores or limits.cpu_cores,
            memory_bytes=self.memory_bytes or limits.memory_bytes,
            pids=limits.pids,
            log_bytes=limits.log_bytes,
        )


@dataclass(frozen=True, slots=True)
class ScalingChange:
    """What is asked for: None leaves a thing as it is."""

    replicas: int | None = None
    cpu_cores: float | None = None
    memory_bytes: int | None = None

    @property
    def is_empty(self) -> bool:
        return self.replicas is None and self.cpu_cores is None and self.memory_bytes is None


@dataclass(frozen=True, slots=True)
class ScalingFacts:
    """What the policy looks at. `load` is that of one container on average; None if nobody could measure it."""

    replicas: int
    load: float | None
    is_moving: bool = False  # a rollout or a job is at work there


class Verb(StrEnum):
    UP = "up"
    DOWN = "down"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class ScalingDecision:
    """`code` says why, looked up as `scaling.<code>`, with `params` filled in."""

    verb: Verb
    replicas: int
    code: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ScalingEntry:
    """One line of the history: who or what changed the number or the bounds, or why the policy did not."""

    id: int
    at: datetime
    by: str
    verb: str
    replicas: int
    wanted: int
    code: str
    params: Mapping[str, str]
    reason: str = ""
    job_id: int | None = None


def check_change(change: ScalingChange) -> ScalingChange:
    """Invalid(…, field=…) for nothing at all, or for what no engine would give."""
    if change.is_empty:
        raise Invalid("scale_nothing", field="replicas")
    if change.replicas is not None and not 1 <= change.replicas <= MOST_REPLICAS:
        raise Invalid("replicas_bad", field="replicas")
    if change.cpu_cores is not None and not 0.01 <= change.cpu_cores <= 1024:
        raise Invalid("scale_cpu_bad", field="cpu_cores")
    if change.memory_bytes is not None and not 6_291_456 <= change.memory_bytes <= 1 << 44:
        raise Invalid("scale_memory_bad", field="memory_bytes")
    return change


def check_policy(policy: ScalingPolicy) -> ScalingPolicy:
    """Invalid(…, field=…) for bounds without room, a target that nothing can meet, or a rest without end."""
    if not 1 <= policy.least <= policy.most <= MOST_REPLICAS:
        raise Invalid("policy_bounds_bad", field="most", most=MOST_REPLICAS)
    highest = 95.0 if policy.metric is ScalingMetric.CPU else 1_000_000.0
    if not (math.isfinite(policy.target) and 0.1 <= policy.target <= highest):
        raise Invalid("policy_target_bad", field="target", highest=f"{highest:g}")
    if not all(10 <= s <= 86_400 for s in (policy.up_cooldown_seconds, policy.down_cooldown_seconds)):
        raise Invalid("policy_cooldown_bad", field="up_cooldown_seconds")
    return policy


def decide(policy: ScalingPolicy, facts: ScalingFacts, *, acted_at: datetime | None, now: datetime) -> ScalingDecision:
    """What the policy does now, and why.

    A number outside the bounds is brought back into them at once. Otherwise the number is chosen that brings the load
    to its target: at most doubled or halved in one go, only when the load is a tenth away from the target, never while
    it rests after a change, and down only if the load then stays a tenth below the target, so that it does not swing.
    """
    have = facts.replicas
    if not policy.is_on:
        return _hold(have, "off")
    if facts.is_moving:
        return _hold(have, "moving")
    if have < policy.least:
        return ScalingDecision(Verb.UP, policy.least, "below_least", {"least": str(policy.least)})
    if have > policy.most:
        return ScalingDecision(Verb.DOWN, policy.most, "above_most", {"most": str(policy.most)})
    if facts.load is None:
        return _hold(have, "no_measure")
    wanted = _wanted(policy, facts)
    told = {"load": _figure(facts.load), "target": _figure(policy.target), "metric": str(policy.metric)}
    if wanted == have:
        return _hold(have, _why_not(policy, facts), **told)
    rest = policy.up_cooldown_seconds if wanted > have else policy.down_cooldown_seconds
    left = _seconds_left(acted_at, rest, now)
    if left > 0:
        return _hold(have, "resting", seconds=str(left), wanted=str(wanted), **told)
    verb = Verb.UP if wanted > have else Verb.DOWN
    return ScalingDecision(verb, wanted, f"load_{verb}", {**told, "from": str(have), "to": str(wanted)})


def _wanted(policy: ScalingPolicy, facts: ScalingFacts) -> int:
    have, load = facts.replicas, max(0.0, facts.load or 0.0)
    if abs(load / policy.target - 1.0) <= TOLERANCE:
        return have
    whole = load * have
    if load > policy.target:
        needed = math.ceil(whole / policy.target)
        return min(policy.most, 2 * have, max(have, needed))
    needed = math.ceil(whole / (policy.target * (1.0 - TOLERANCE)))
    return max(policy.least, math.ceil(have / 2), min(have, needed), 1)


def _why_not(policy: ScalingPolicy, facts: ScalingFacts) -> str:
    """Why the number is right as it is."""
    load = facts.load or 0.0
    if load > policy.target * (1 + TOLERANCE) and facts.replicas >= policy.most:
        return "at_most"
    if load < policy.target * (1 - TOLERANCE) and facts.replicas <= policy.least:
        return "at_least"
    return "on_target"


def _seconds_left(acted_at: datetime | None, rest_seconds: int, now: datetime) -> int:
    if acted_at is None:
        return 0
    return math.ceil((acted_at + timedelta(seconds=rest_seconds) - now).total_seconds())


def _hold(replicas: int, code: str, **params: str) -> ScalingDecision:
    return ScalingDecision(Verb.HOLD, replicas, code, params)


def _figure(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
