"""Plans: what may be written, what the published schema says of it, and into which steps it is resolved."""

from __future__ import annotations

import contextlib

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.environment import Environment, Protection, Stage
from portal.domain.errors import Invalid
from portal.domain.plan import Plan, Step, StepKind, Strategy, default_plan, expected_seconds, resolve
from portal.domain.plan_text import parse_plan, plan_schema
from portal.services.plans import read_plan, write_plan

PROD = Environment("prod", Stage.PROD, 4, replicas=3)
GOOD: list[dict[str, object]] = [
    {"strategy": "rolling"},
    {"strategy": "rolling", "batch": 2, "observe": "30s", "bake": "1h"},
    {"strategy": "blue-green", "approvals": 1, "bake": 600, "shield": True},
    {
        "strategy": "canary",
        "steps": [{"weight": 10}, {"observe": "2m"}, {"pause": None}, {"approval": None}, {"weight": 50}],
    },
    {"strategy": "canary", "steps": [{"adapt": {"from": 1, "to": 50}}], "analysis": {"alpha": 0.05, "latency": False}},
    {"strategy": "canary", "steps": [{"weight": 5}], "analysis": False},
]
BAD: list[tuple[object, str]] = [
    ("canary", "plan_not_mapping"),
    ({"strategy": "yolo"}, "plan_strategy_bad"),
    ({"strategy": "rolling", "colour": 1}, "plan_field_unknown"),
    ({"strategy": "rolling", "steps": [{"weight": 1}]}, "plan_steps_only_canary"),
    ({"strategy": "canary"}, "plan_steps_missing"),
    ({"strategy": "canary", "steps": []}, "plan_steps_missing"),
    ({"strategy": "canary", "steps": [{"weight": 10, "observe": 5}]}, "plan_step_one_key"),
    ({"strategy": "canary", "steps": [{"weight": 0}]}, "plan_number_bad"),
    ({"strategy": "canary", "steps": [{"weight": 100}]}, "plan_number_bad"),
    ({"strategy": "canary", "steps": [{"weight": True}]}, "plan_number_bad"),
    ({"strategy": "canary", "steps": [{"observe": "soon"}]}, "plan_duration_bad"),
    ({"strategy": "canary", "steps": [{"weight": 5}] * 41}, "plan_too_long"),
    ({"strategy": "rolling", "bake": "-1s"}, "plan_duration_bad"),
    ({"strategy": "rolling", "shield": "yes"}, "plan_flag_bad"),
    ({"strategy": "canary", "steps": [{"weight": 5}], "analysis": {"alpha": 0.9}}, "plan_number_bad"),
]


@pytest.mark.parametrize("written", GOOD)
def test_a_good_plan_is_read_and_fits_the_schema(written: dict[str, object]) -> None:
    plan = parse_plan(written)
    jsonschema.validate(written, plan_schema())
    assert parse_plan(read_plan(write_plan(plan))) == plan


@pytest.mark.parametrize(("written", "code"), BAD)
def test_a_bad_plan_is_refused_with_the_place_that_is_wrong(written: object, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_plan(written)
    assert refused.value.code == code
    assert refused.value.params["field"]


def test_shares_have_to_grow() -> None:
    with pytest.raises(Invalid) as refused:
        parse_plan({"strategy": "canary", "steps": [{"weight": 20}, {"weight": 10}]})
    assert refused.value.code == "plan_shares_bad"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    )
)
def test_whatever_is_written_is_read_or_refused_in_words(written: object) -> None:
    with contextlib.suppress(Invalid):
        assert parse_plan(written).strategy in Strategy


def test_text_that_is_not_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(Invalid) as refused:
        read_plan("strategy: canary\n  steps: [")
    assert refused.value.params["line"] == "2"


@pytest.mark.parametrize("stage", list(Stage))
def test_the_plan_of_every_stage_can_be_written_and_read(stage: Stage) -> None:
    plan = default_plan(stage)
    assert parse_plan(read_plan(write_plan(plan))) == plan
    assert expected_seconds(resolve(plan, PROD, is_first=False)) > 0


def test_a_canary_is_resolved_into_all_its_steps() -> None:
    plan = Plan(Strategy.CANARY, steps=(Step(StepKind.SHIFT, percent=10), Step(StepKind.OBSERVE, seconds=60)))
    kinds = [step.kind for step in resolve(plan, PROD, is_first=False)]
    assert kinds == ["prepare", "gate", "shift", "observe", "shift", "bake", "finalise"]


def test_a_rolling_plan_never_retires_more_than_it_has_brought() -> None:
    steps = resolve(Plan(Strategy.ROLLING, batch=2, replicas=5), PROD, is_first=False)
    new = old = 0
    for step in steps:
        if step.kind is StepKind.GATE:
            new = step.replicas
        if step.kind is StepKind.RETIRE:
            old = step.replicas
            assert new + old >= 5
    assert (new, old) == (5, 1)
    assert [s.percent for s in steps if s.kind is StepKind.SHIFT] == [40, 80, 100]


def test_the_environments_approvals_are_a_minimum() -> None:
    guarded = Environment("prod", Stage.PROD, 4, protection=Protection(approvals=2))
    without = resolve(Plan(Strategy.ROLLING), guarded, is_first=False)
    assert (without[0].kind, without[0].approvals) == (StepKind.APPROVAL, 2)
    with_one = resolve(Plan(Strategy.CANARY, steps=(Step(StepKind.APPROVAL, approvals=1),)), guarded, is_first=False)
    assert [s.approvals for s in with_one if s.kind is StepKind.APPROVAL] == [2]


def test_a_return_skips_everything_that_makes_it_slow() -> None:
    guarded = Environment("prod", Stage.PROD, 4, protection=Protection(approvals=2))
    steps = resolve(default_plan(Stage.PROD), guarded, is_first=False, is_return=True)
    assert [s.kind for s in steps] == ["prepare", "gate", "shift", "bake", "finalise"]
    assert steps[3].seconds == 0
