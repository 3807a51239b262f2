"""A rollout plan: data that says in which steps an environment goes from one version to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from portal.domain.environment import Environment, Stage
from portal.domain.errors import Invalid

PLAN_VERSION = 1


class Strategy(StrEnum):
    ROLLING = "rolling"
    BLUE_GREEN = "blue_green"
    CANARY = "canary"


class StepKind(StrEnum):
    PREPARE = "prepare"  # `replicas` containers of the new version exist and run
    GATE = "gate"  # `replicas` of them passed fresh checks at the proxy
    SHIFT = "shift"  # `percent` of the users go to the new version
    OBSERVE = "observe"  # at least `seconds` of evidence, and a verdict of pass where the plan analyses
    ADAPT = "adapt"  # the evidence moves the share from `percent` up to `ceiling`
    PAUSE = "pause"  # `seconds`, or until a person resumes (0)
    APPROVAL = "approval"  # `approvals` people other than the requester agree
    RETIRE = "retire"  # only `replicas` containers of the old version are left
    BAKE = "bake"  # everything is on the new version; the old one is kept warm for `seconds`
    FINALISE = "finalise"  # the old version goes


@dataclass(frozen=True, slots=True)
class Step:
    """One step; which of the numbers matter depends on the kind."""

    kind: StepKind
    percent: int = 0
    ceiling: int = 0
    replicas: int = 0
    seconds: int = 0
    approvals: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """How the canary is judged. See `portal.domain.verdict` for the method.

    `alpha` bounds the probability of a false abort over the whole rollout; the tolerances say how much worse
    (absolute error rate, ratio of response times) still passes. `inconclusive_seconds` after the step's own time
    the rollout pauses.
    """

    is_enabled: bool = True
    alpha: float = 0.01
    error_tolerance: float = 0.01
    latency_tolerance: float = 1.25
    is_latency_judged: bool = True
    min_requests: int = 100
    inconclusive_seconds: int = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as written. Weights, observation and so on are turned into steps by `resolve`."""

    strategy: Strategy
    steps: tuple[Step, ...] = ()  # canary: the middle part, as written
    replicas: int = 0  # 0: as many as the environment says
    batch: int = 1  # rolling: how many at a time
    observe_seconds: int = 0  # rolling: after each batch; blue-green: after the switch
    preview_approvals: int = 0  # blue-green: approvals before the switch
    bake_seconds: int = 0
    prepare_seconds: int = 300
    gate_seconds: int = 60
    is_shielded: bool | None = None  # None: as the service says
    analysis: Analysis = Analysis()


def resolve(plan: Plan, environment: Environment, *, is_first: bool, is_return: bool = False) -> tuple[Step, ...]:
    """The full list of steps. A first deployment and a return to an earlier version have nothing to compare with
    and skip the analysis and the bake time; a return (rollback) needs no approval either.
    """
    replicas = plan.replicas or environment.replicas
    if is_first or is_return:
        return _switch(replicas, observe_seconds=0, bake_seconds=0)
    match plan.strategy:
        case Strategy.CANARY:
            steps = _canary(plan, replicas)
        case Strategy.BLUE_GREEN:
            steps = _blue_green(plan, replicas)
        case Strategy.ROLLING:
            steps = _rolling(plan, replicas)
    return with_approvals(steps, environment.protection.approvals)


def with_approvals(steps: tuple[Step, ...], required: int) -> tuple[Step, ...]:
    """At least `required` approvals: those asked for in the plan are raised to it; without any, one comes first."""
    if not any(step.kind is StepKind.APPROVAL for step in steps):
        return (Step(StepKind.APPROVAL, approvals=required), *steps) if required else steps
    return tuple(replace(s, approvals=max(s.approvals, required)) if s.kind is StepKind.APPROVAL else s for s in steps)


def _switch(replicas: int, *, observe_seconds: int, bake_seconds: int) -> tuple[Step, ...]:
    observe = (Step(StepKind.OBSERVE, seconds=observe_seconds),) if observe_seconds else ()
    return (
        Step(StepKind.PREPARE, replicas=replicas),
        Step(StepKind.GATE, replicas=replicas),
        Step(StepKind.SHIFT, percent=100),
        *observe,
        Step(StepKind.BAKE, seconds=bake_seconds),
        Step(StepKind.FINALISE),
    )


def _canary(plan: Plan, replicas: int) -> tuple[Step, ...]:
    return (
        Step(StepKind.PREPARE, replicas=replicas),
        Step(StepKind.GATE, replicas=replicas),
        *plan.steps,
        Step(StepKind.SHIFT, percent=100),
        Step(StepKind.BAKE, seconds=plan.bake_seconds),
        Step(StepKind.FINALISE),
    )


def _blue_green(plan: Plan, replicas: int) -> tuple[Step, ...]:
    steps = list(_switch(replicas, observe_seconds=plan.observe_seconds, bake_seconds=plan.bake_seconds))
    if plan.preview_approvals:
        steps.insert(2, Step(StepKind.APPROVAL, approvals=plan.preview_approvals))
    return tuple(steps)


def _rolling(plan: Plan, replicas: int) -> tuple[Step, ...]:
    steps: list[Step] = []
    for count in [*range(plan.batch, replicas, plan.batch), replicas]:
        steps.append(Step(StepKind.PREPARE, replicas=count))
        steps.append(Step(StepKind.GATE, replicas=count))
        steps.append(Step(StepKind.SHIFT, percent=round(100 * count / replicas)))
        if plan.observe_seconds and count < replicas:
            steps.append(Step(StepKind.OBSERVE, seconds=plan.observe_seconds))
        if count < replicas:
            steps.append(Step(StepKind.RETIRE, replicas=replicas - count))
    return (*steps, Step(StepKind.BAKE, seconds=plan.bake_seconds), Step(StepKind.FINALISE))


def expected_seconds(steps: tuple[Step, ...], *, per_replica_seconds: float = 1.0) -> float:
    """A forecast of the time without approvals and open pauses: what each step waits for, plus starting containers."""
    waits = sum(s.seconds for s in steps if s.kind in (StepKind.OBSERVE, StepKind.PAUSE))
    adapts = sum(60 for s in steps if s.kind is StepKind.ADAPT)
    starts = max((s.replicas for s in steps if s.kind is StepKind.PREPARE), default=0)
    return waits + adapts + starts * per_replica_seconds + 2.0


def default_plan(stage: Stage) -> Plan:
    """The plan of an environment that has none of its own."""
    match stage:
        case Stage.PROD | Stage.DR:
            steps = (
                Step(StepKind.SHIFT, percent=10),
                Step(StepKind.OBSERVE, seconds=120),
                Step(StepKind.SHIFT, percent=25),
                Step(StepKind.OBSERVE, seconds=120),
                Step(StepKind.APPROVAL, approvals=1),
                Step(StepKind.SHIFT, percent=50),
                Step(StepKind.OBSERVE, seconds=300),
            )
            return Plan(Strategy.CANARY, steps=steps, bake_seconds=14_400)
        case Stage.STAGING:
            return Plan(Strategy.BLUE_GREEN, bake_seconds=600)
        case _:
            return Plan(Strategy.ROLLING)


def check_plan(plan: Plan) -> Plan:
    """Invalid(…) for a plan that could not run: shares that fall, too many steps, an analysis that cannot pass."""
    if len(plan.steps) > 40:
        raise Invalid("plan_too_long", field="steps")
    shares = [s.percent for s in plan.steps if s.kind is StepKind.SHIFT]
    if any(not 0 < share < 100 for share in shares) or shares != sorted(set(shares)):
        raise Invalid("plan_shares_bad", field="steps")
    if not 1 <= plan.batch <= 50 or not 0 <= plan.replicas <= 50:
        raise Invalid("plan_replicas_bad", field="replicas")
    if not 0 < plan.analysis.alpha <= 0.2:
        raise Invalid("plan_alpha_bad", field="analysis.alpha")
    return plan
