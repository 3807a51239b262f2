"""Plans as people write them (YAML or JSON, already parsed to plain values) to plans, and the published schema.

strategy: canary
steps:
  - weight: 10
  - observe: 2m
  - approval: 1
  - weight: 50
  - observe: 5m
bake: 4h
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from portal.domain.errors import Invalid
from portal.domain.plan import Analysis, Plan, Step, StepKind, Strategy, check_plan

_DURATION = re.compile(r"(\d{1,7})\s*(s|m|h|d)?", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}
_LONGEST_SECONDS = 30 * 86400

Fields = Mapping[str, object]


def parse_plan(written: object) -> Plan:
    """Invalid("plan_…", field=path) names the place that is wrong and what would be right."""
    fields = _fields(
        written,
        "",
        (
            "strategy",
            "steps",
            "replicas",
            "batch",
            "observe",
            "approvals",
            "bake",
            "start_limit",
            "health_limit",
            "shield",
            "analysis",
        ),
    )
    strategy = _strategy(fields.get("strategy"))
    plan = Plan(
        strategy=strategy,
        steps=_steps(fields.get("steps"), strategy),
        replicas=_number(fields.get("replicas", 0), "replicas", 0, 50),
        batch=_number(fields.get("batch", 1), "batch", 1, 50),
        observe_seconds=_duration(fields.get("observe", 0), "observe"),
        preview_approvals=_number(fields.get("approvals", 0), "approvals", 0, 10),
        bake_seconds=_duration(fields.get("bake", 0), "bake"),
        prepare_seconds=_duration(fields.get("start_limit", 300), "start_limit"),
        gate_seconds=_duration(fields.get("health_limit", 60), "health_limit"),
        is_shielded=_optional_flag(fields.get("shield"), "shield"),
        analysis=_analysis(fields.get("analysis")),
    )
    return check_plan(plan)


def _fields(value: object, path: str, known: tuple[str, ...]) -> Fields:
    if not isinstance(value, Mapping):
        raise Invalid("plan_not_mapping", field=path or "plan")
    fields = cast("Fields", value)
    for name in fields:
        if name not in known:
            raise Invalid("plan_field_unknown", field=f"{path}{name}"[:80], known=", ".join(known))
    return fields


def _strategy(value: object) -> Strategy:
    text = str(value).replace("-", "_")
    if text not in tuple(Strategy):
        raise Invalid("plan_strategy_bad", field="strategy", known=", ".join(Strategy))
    return Strategy(text)


def _steps(value: object, strategy: Strategy) -> tuple[Step, ...]:
    if strategy is not Strategy.CANARY:
        if value is not None:
            raise Invalid("plan_steps_only_canary", field="steps")
        return ()
    if not isinstance(value, list) or not value:
        raise Invalid("plan_steps_missing", field="steps")
    return tuple(_step(item, f"steps[{index}]") for index, item in enumerate(cast("list[object]", value)))


def _step(value: object, path: str) -> Step:
    fields = _fields(value, f"{path}.", tuple(_STEPS))
    if len(fields) != 1:
        raise Invalid("plan_step_one_key", field=path, known=", ".join(_STEPS))
    ((name, argument),) = fields.items()
    return _STEPS[name](argument, f"{path}.{name}")


def _adapt(value: object, path: str) -> Step:
    fields = _fields(value, f"{path}.", ("from", "to"))
    low = _number(fields.get("from", 1), f"{path}.from", 1, 99)
    return Step(StepKind.ADAPT, percent=low, ceiling=_number(fields.get("to", 50), f"{path}.to", low, 99))


_STEPS: dict[str, Callable[[object, str], Step]] = {
    "weight": lambda value, path: Step(StepKind.SHIFT, percent=_number(value, path, 1, 99)),
    "observe": lambda value, path: Step(StepKind.OBSERVE, seconds=_duration(value, path)),
    "pause": lambda value, path: Step(StepKind.PAUSE, seconds=_duration(value or 0, path)),
    "approval": lambda value, path: Step(StepKind.APPROVAL, approvals=_number(value or 1, path, 1, 10)),
    "adapt": _adapt,
}


def _analysis(value: object) -> Analysis:
    if value is False:
        return Analysis(is_enabled=False)
    if value is None:
        return Analysis()
    known = ("alpha", "error_tolerance", "latency_tolerance", "latency", "min_requests", "inconclusive_after")
    fields = _fields(value, "analysis.", known)
    return Analysis(
        alpha=_fraction(fields.get("alpha", 0.01), "analysis.alpha", 1e-9, 0.2),
        error_tolerance=_fraction(fields.get("error_tolerance", 0.01), "analysis.error_tolerance", 0.0, 1.0),
        latency_tolerance=_fraction(fields.get("latency_tolerance", 1.25), "analysis.latency_tolerance", 1.0, 100.0),
        is_latency_judged=_optional_flag(fields.get("latency"), "analysis.latency") is not False,
        min_requests=_number(fields.get("min_requests", 100), "analysis.min_requests", 1, 10_000_000),
        inconclusive_seconds=_duration(fields.get("inconclusive_after", 300), "analysis.inconclusive_after"),
    )


def _number(value: object, path: str, low: int, high: int) -> int:
    if isinstance(value, str) and value.rstrip("%").strip().isdecimal():
        value = int(value.rstrip("%"))
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid("plan_number_bad", field=path, low=low, high=high)
    return value


def _fraction(value: object, path: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Invalid("plan_number_bad", field=path, low=low, high=high)
    return float(value)


def _optional_flag(value: object, path: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise Invalid("plan_flag_bad", field=path)
    return value


def _duration(value: object, path: str) -> int:
    match = _DURATION.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    seconds = int(match[1]) * _SECONDS[match[2]] if match else -1
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise Invalid("plan_duration_bad", field=path)
    return seconds


_DURATION_SCHEMA: dict[str, object] = {
    "description": "Seconds as a number, or a number with s, m, h or d.",
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d{1,7}\s*[smhd]?\s*$"}],
}


def _object(properties: dict[str, object], **more: object) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


def plan_schema() -> dict[str, object]:
    """The published JSON Schema (2020-12) of a plan."""
    one = {"minProperties": 1, "maxProperties": 1}
    adapt = _object(
        {"from": {"type": "integer", "minimum": 1, "maximum": 99}, "to": {"type": "integer", "maximum": 99}}
    )
    count: dict[str, object] = {"type": ["integer", "null"], "minimum": 1, "maximum": 10}
    weight: dict[str, object] = {"type": ["integer", "string"], "minimum": 1, "maximum": 99}
    step = _object(
        {"weight": weight, "observe": _DURATION_SCHEMA, "pause": {}, "approval": count, "adapt": adapt}, **one
    )
    analysis = _object(
        {
            "alpha": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.2},
            "error_tolerance": {"type": "number", "minimum": 0, "maximum": 1},
            "latency_tolerance": {"type": "number", "minimum": 1, "maximum": 100},
            "latency": {"type": "boolean"},
            "min_requests": {"type": "integer", "minimum": 1},
            "inconclusive_after": _DURATION_SCHEMA,
        }
    )
    properties: dict[str, object] = {
        "strategy": {"enum": ["rolling", "blue_green", "blue-green", "canary"]},
        "steps": {"type": "array", "items": step, "minItems": 1, "maxItems": 40},
        "replicas": {"type": "integer", "minimum": 0, "maximum": 50},
        "batch": {"type": "integer", "minimum": 1, "maximum": 50},
        "observe": _DURATION_SCHEMA,
        "approvals": {"type": "integer", "minimum": 0, "maximum": 10},
        "bake": _DURATION_SCHEMA,
        "start_limit": _DURATION_SCHEMA,
        "health_limit": _DURATION_SCHEMA,
        "shield": {"type": "boolean"},
        "analysis": {"anyOf": [analysis, {"const": False}]},
    }
    schema = _object(properties, required=["strategy"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rollout plan", **schema}
