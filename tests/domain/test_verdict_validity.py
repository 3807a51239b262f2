"""The promises of the verdict as mathematics: exact expectations on small tables, and properties of any traffic."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import product
from math import comb

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.verdict import AnalysisPlan, Evidence, Outcome, Tally, judge, no_evidence, weigh
from portal.domain.verdict_betting import log_worth
from portal.domain.verdict_errors import STAKES, ErrorEvidence, no_error_evidence, weigh_errors
from portal.domain.verdict_latency import SHIFTS, LatencyEvidence, no_latency_evidence, weigh_latency
from portal.domain.verdict_tally import Block

ROUNDING = 1.0 + 1e-9
BINS = (100, 104, 109)

rates = st.floats(0.0, 1.0)
sizes = st.integers(1, 6)


@st.composite
def tallies(draw: st.DrawFn, most: int = 300) -> Tally:
    requests = draw(st.integers(0, most))
    errors = draw(st.integers(0, requests))
    latency: Counter[int] = Counter()
    for bin_, number in draw(st.dictionaries(st.integers(0, 315), st.integers(1, most), max_size=8)).items():
        latency[bin_] = number
    return Tally(requests, errors, dict(latency))


intervals = st.lists(st.tuples(tallies(), tallies()), max_size=12)


def weighed(seen: list[tuple[Tally, Tally]], plan: AnalysisPlan | None = None) -> Evidence:
    evidence = no_evidence(plan or AnalysisPlan())
    for stable, canary in seen:
        evidence = weigh(evidence, stable=stable, canary=canary)
    return evidence


def binomial(number: int, rate: float) -> list[float]:
    return [comb(number, k) * rate**k * (1.0 - rate) ** (number - k) for k in range(number + 1)]


def outcomes(canary: int, stable: int, *, canary_rate: float, stable_rate: float) -> list[tuple[float, Block]]:
    """Every possible block of these sizes with its probability."""
    return [
        (p * q, Block(Tally(stable, y), Tally(canary, x)))
        for x, p in enumerate(binomial(canary, canary_rate))
        for y, q in enumerate(binomial(stable, stable_rate))
    ]


past_errors = st.lists(st.tuples(sizes, sizes, st.integers(0, 6), st.integers(0, 6)), max_size=4)


def error_evidence(past: list[tuple[int, int, int, int]]) -> ErrorEvidence:
    evidence = no_error_evidence()
    for stable, canary, y, x in past:
        evidence = weigh_errors(evidence, Block(Tally(stable, min(y, stable)), Tally(canary, min(x, canary))))
    return evidence


@given(past_errors, sizes, sizes, st.tuples(rates, rates))
def test_the_money_on_errors_never_grows_on_average_while_the_canary_is_no_worse(past, canary, stable, pair):
    before = error_evidence(past)
    better, worse = sorted(pair)
    possible = outcomes(canary, stable, canary_rate=better, stable_rate=worse)
    after = sum(p * math.exp(log_worth(weigh_errors(before, block).wealth)) for p, block in possible)
    assert after <= math.exp(log_worth(before.wealth)) * ROUNDING


@given(sizes, sizes, rates)
def test_the_money_on_errors_is_fair_between_equals_so_that_nothing_is_wasted(canary, stable, rate):
    possible = outcomes(canary, stable, canary_rate=rate, stable_rate=rate)
    after = sum(p * math.exp(log_worth(weigh_errors(no_error_evidence(), block).wealth)) for p, block in possible)
    assert math.isclose(after, 1.0, rel_tol=1e-9)


@given(sizes, sizes, rates, rates)
def test_both_halves_of_the_interval_of_errors_are_fair_bets_on_the_true_difference(canary, stable, own, other):
    truth = own - other
    above, below = [0.0] * len(STAKES), 0.0
    for p, block in outcomes(canary, stable, canary_rate=own, stable_rate=other):
        evidence = weigh_errors(no_error_evidence(), block)
        for i, stake in enumerate(STAKES):
            above[i] += p * math.exp(evidence.above[i] + stake * evidence.mass * truth)
        below += p * math.exp(evidence.below[2] - evidence.below_mass[2] * truth)
    assert max(*above, below) <= ROUNDING


def histograms(number: int, weights: tuple[float, ...]) -> list[tuple[float, dict[int, int]]]:
    """Every ordered draw of `number` latencies with its probability, as a histogram."""
    total = sum(weights)
    draws = product(range(len(BINS)), repeat=number)
    return [(math.prod(weights[i] / total for i in draw), dict(Counter(BINS[i] for i in draw))) for draw in draws]


positive = st.floats(0.01, 1.0)


@settings(max_examples=40)
@given(
    st.dictionaries(st.integers(98, 112), st.integers(1, 40), min_size=1, max_size=6),
    st.integers(1, 3),
    st.integers(1, 3),
    st.tuples(positive, positive, positive),
    st.floats(0.0, 1.0),
)
def test_the_money_on_latency_never_grows_on_average_while_the_canary_is_no_slower(
    reference, canary, stable, weights, speedup
):
    before = LatencyEvidence(no_latency_evidence().wealth, reference=reference)
    slow, middle, fast = weights[2] * (1 - speedup), weights[1] + speedup * weights[2] / 2, weights[0]
    quicker = (sum(weights) - slow - middle, middle, slow)
    assert quicker[0] >= fast - 1e-12
    worth = at_one = 0.0
    no_shift = SHIFTS.index(0)
    for (p, own), (q, other) in product(histograms(canary, quicker), histograms(stable, weights)):
        block = Block(Tally(stable, 0, other), Tally(canary, 0, own))
        after = weigh_latency(before, block, quantile=0.5)
        worth += p * q * math.exp(log_worth(after.wealth))
        at_one += p * q * math.exp(after.below[1][no_shift])
    assert worth <= ROUNDING
    assert at_one <= ROUNDING


@given(intervals, tallies(60), tallies(60))
def test_one_more_failure_of_the_canary_never_speaks_for_it_nor_one_of_the_stable_version_against_it(
    past, stable, canary
):
    stable, canary = stable + Tally(4), canary + Tally(4)
    evidence = weighed(past)

    def e_value(stable_errors: int, canary_errors: int) -> float:
        pair = (
            Tally(stable.requests, stable.errors + stable_errors),
            Tally(canary.requests, canary.errors + canary_errors),
        )
        return judge(weighed_on(evidence, pair)).measures[0].e_value

    assert e_value(0, 1) >= e_value(0, 0) / ROUNDING
    assert e_value(1, 0) <= e_value(0, 0) * ROUNDING


def weighed_on(evidence: Evidence, pair: tuple[Tally, Tally]) -> Evidence:
    return weigh(evidence, stable=pair[0], canary=pair[1])


@given(intervals, tallies(), tallies())
def test_evidence_survives_a_crash_without_loss(past, stable, canary):
    evidence = weighed(past, AnalysisPlan(alpha=0.003, latency_quantile=0.9))
    restored = Evidence.from_json(json.loads(json.dumps(evidence.to_json(), allow_nan=False)))
    assert restored == evidence
    assert weighed_on(restored, (stable, canary)) == weighed_on(evidence, (stable, canary))


@given(intervals)
def test_a_verdict_holds_only_finite_numbers_in_order(seen):
    verdict = judge(weighed(seen))
    for measure in verdict.measures:
        numbers = (measure.low, measure.estimate, measure.high, measure.e_value)
        assert all(math.isfinite(number) for number in numbers)
        assert measure.low <= measure.estimate <= measure.high
        assert measure.e_value >= 0.0


@given(intervals)
def test_looking_changes_nothing(seen):
    evidence = weighed(seen)
    assert judge(evidence) == judge(evidence)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 40)), max_size=30))
def test_less_than_the_minimum_of_canary_requests_never_passes(seen):
    evidence = no_evidence(AnalysisPlan(error_tolerance=1.0, latency_tolerance=1e6))
    requests = 0
    for number, bin_ in seen:
        requests += number
        evidence = weigh(evidence, stable=Tally(900, 0, {40: 900}), canary=Tally(number, 0, {bin_: number}))
        if requests < 100:
            assert judge(evidence).outcome is not Outcome.PASS
