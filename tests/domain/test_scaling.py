"""The policy never leaves its bounds, never swings, rests after each change, and always says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.container import Limits
from portal.domain.errors import Invalid
from portal.domain.scaling import (
    Scale,
    ScalingChange,
    ScalingFacts,
    ScalingMetric,
    ScalingPolicy,
    Verb,
    check_change,
    check_policy,
    decide,
)
from portal.i18n import catalogue

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ON = ScalingPolicy(is_on=True, least=1, most=10, target=60.0)
LOADS = st.floats(0.0, 10_000.0, allow_nan=False)


@st.composite
def policies(draw: st.DrawFn) -> ScalingPolicy:
    least = draw(st.integers(1, 20))
    most = draw(st.integers(least, 50))
    return ScalingPolicy(True, least, most, draw(st.sampled_from(ScalingMetric)), draw(st.floats(1.0, 95.0)), 60, 300)


@given(policies(), st.integers(1, 50), st.none() | LOADS)
def test_whatever_it_decides_is_within_the_bounds_or_a_step_towards_them(
    policy: ScalingPolicy, replicas: int, load: float | None
):
    found = decide(policy, ScalingFacts(replicas, load), acted_at=None, now=NOW)
    if found.verb is Verb.HOLD:
        assert found.replicas == replicas
        return
    assert policy.least <= found.replicas <= policy.most
    assert (found.verb is Verb.UP) == (found.replicas > replicas)
    is_within = policy.least <= replicas <= policy.most
    assert not is_within or replicas / 2 <= found.replicas <= 2 * replicas


@given(policies(), st.integers(1, 50), LOADS, LOADS)
def test_more_load_never_means_fewer_containers(policy: ScalingPolicy, replicas: int, one: float, other: float):
    low, high = sorted((one, other))
    fewer = decide(policy, ScalingFacts(replicas, low), acted_at=None, now=NOW).replicas
    assert fewer <= decide(policy, ScalingFacts(replicas, high), acted_at=None, now=NOW).replicas


@given(policies(), st.integers(1, 50), LOADS)
def test_with_the_same_work_it_comes_to_rest_and_never_swings(policy: ScalingPolicy, replicas: int, load: float):
    work, verbs = load * replicas, list[Verb]()
    for _ in range(20):
        found = decide(policy, ScalingFacts(replicas, work / replicas), acted_at=None, now=NOW)
        if found.verb is Verb.HOLD:
            break
        verbs.append(found.verb)
        replicas = found.replicas
    else:
        pytest.fail(f"it never rests: {verbs}")
    inside = verbs[1:]  # the first may bring it into its bounds
    assert len(set(inside)) <= 1


@given(policies(), LOADS, st.integers(0, 400))
def test_within_its_bounds_it_does_nothing_while_it_rests(policy: ScalingPolicy, load: float, seconds: int):
    facts, acted_at = ScalingFacts(policy.least, load), NOW - timedelta(seconds=seconds)
    found = decide(policy, facts, acted_at=acted_at, now=NOW)
    rest = policy.up_cooldown_seconds if found.verb is Verb.UP else policy.down_cooldown_seconds
    assert found.verb is Verb.HOLD or seconds >= rest


@pytest.mark.parametrize(
    ("facts", "acted_seconds_ago", "verb", "replicas", "code"),
    [
        (ScalingFacts(2, 90.0), None, Verb.UP, 3, "load_up"),
        (ScalingFacts(2, 500.0), None, Verb.UP, 4, "load_up"),
        (ScalingFacts(4, 20.0), None, Verb.DOWN, 2, "load_down"),
        (ScalingFacts(4, 63.0), None, Verb.HOLD, 4, "on_target"),
        (ScalingFacts(2, 90.0), 10, Verb.HOLD, 2, "resting"),
        (ScalingFacts(10, 90.0), None, Verb.HOLD, 10, "at_most"),
        (ScalingFacts(1, 5.0), None, Verb.HOLD, 1, "at_least"),
        (ScalingFacts(12, 60.0), 1, Verb.DOWN, 10, "above_most"),
        (ScalingFacts(2, None), None, Verb.HOLD, 2, "no_measure"),
        (ScalingFacts(2, 90.0, is_moving=True), None, Verb.HOLD, 2, "moving"),
    ],
)
def test_each_decision_has_its_reason(
    facts: ScalingFacts, acted_seconds_ago: int | None, verb: Verb, replicas: int, code: str
):
    acted_at = None if acted_seconds_ago is None else NOW - timedelta(seconds=acted_seconds_ago)
    found = decide(ON, facts, acted_at=acted_at, now=NOW)
    assert (found.verb, found.replicas, found.code) == (verb, replicas, code)
    for language in ("en", "zh"):
        assert catalogue(language)[f"scaling.{code}"].format(**found.params)


def test_it_is_off_by_default():
    assert decide(ScalingPolicy(), ScalingFacts(2, 900.0), acted_at=None, now=NOW).code == "off"


@pytest.mark.parametrize(
    "wrong",
    [{"least": 0}, {"least": 6}, {"most": 51}, {"target": 0.0}, {"target": 99.0}, {"up_cooldown_seconds": 1}],
)
def test_a_policy_that_cannot_work_is_refused(wrong: dict[str, float]):
    with pytest.raises(Invalid):
        check_policy(replace(ScalingPolicy(), **wrong))


@pytest.mark.parametrize(
    "wrong", [ScalingChange(), ScalingChange(replicas=0), ScalingChange(cpu_cores=0.0), ScalingChange(memory_bytes=5)]
)
def test_a_change_of_nothing_or_to_nothing_is_refused(wrong: ScalingChange):
    with pytest.raises(Invalid):
        check_change(wrong)


def test_what_is_not_set_is_as_the_service_says():
    given_ = Limits(cpu_cores=2.0, memory_bytes=1 << 30, pids=7)
    assert Scale("hello", "prod").limits(given_) == given_
    assert Scale("hello", "prod", cpu_cores=0.5).limits(given_) == replace(given_, cpu_cores=0.5)
