"""Plans between text and plain values: YAML (of which JSON is a part) in, YAML out."""

from __future__ import annotations

from portal.domain.errors import Invalid
from portal.domain.plan import Plan, Step, StepKind, Strategy

LONGEST_PLAN = 20_000


def read_plan(text: str) -> object:
    """The plain values of a plan's text. Invalid("plan_text_bad", line=…) if it is not YAML, or longer than 20,000
    characters.
    """
    if len(text) > LONGEST_PLAN:
        raise Invalid("plan_text_bad", field="plan", line=0, reason="> 20 kB")
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise Invalid("plan_text_bad", field="plan", line=line, reason=getattr(error, "problem", "") or "") from None


def write_plan(plan: Plan) -> str:
    """The plan as a person would write it; reading it again gives the same plan."""
    written: dict[str, object] = {"strategy": str(plan.strategy)}
    if plan.strategy is Strategy.CANARY:
        written["steps"] = [_step(step) for step in plan.steps]
    numbers = {"replicas": (plan.replicas, 0), "batch": (plan.batch, 1), "approvals": (plan.preview_approvals, 0)}
    written |= {name: value for name, (value, default) in numbers.items() if value != default}
    times = {
        "observe": (plan.observe_seconds, 0),
        "bake": (plan.bake_seconds, 0),
        "start_limit": (plan.prepare_seconds, 300),
        "health_limit": (plan.gate_seconds, 60),
    }
    written |= {name: duration(value) for name, (value, default) in times.items() if value != default}
    if plan.is_shielded is not None:
        written["shield"] = plan.is_shielded
    analysis = _analysis(plan)
    if analysis is not None:
        written["analysis"] = analysis
    import yaml

    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True)


def duration(seconds: int) -> str:
    """90 -> "90s", 120 -> "2m", 14400 -> "4h"."""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _step(step: Step) -> dict[str, object]:
    match step.kind:
        case StepKind.SHIFT:
            return {"weight": step.percent}
        case StepKind.OBSERVE:
            return {"observe": duration(step.seconds)}
        case StepKind.ADAPT:
            return {"adapt": {"from": step.percent, "to": step.ceiling}}
        case StepKind.PAUSE:
            return {"pause": duration(step.seconds) if step.seconds else None}
        case _:
            return {"approval": step.approvals}


def _analysis(plan: Plan) -> dict[str, object] | bool | None:
    analysis, standard = plan.analysis, Plan(plan.strategy).analysis
    if not analysis.is_enabled:
        return False
    pairs = {
        "alpha": (analysis.alpha, standard.alpha),
        "error_tolerance": (analysis.error_tolerance, standard.error_tolerance),
        "latency_tolerance": (analysis.latency_tolerance, standard.latency_tolerance),
        "latency": (analysis.is_latency_judged, standard.is_latency_judged),
        "min_requests": (analysis.min_requests, standard.min_requests),
        "inconclusive_after": (duration(analysis.inconclusive_seconds), duration(standard.inconclusive_seconds)),
    }
    changed: dict[str, object] = {name: value for name, (value, default) in pairs.items() if value != default}
    return changed or None
