"""What the verdict says of canaries whose truth is known."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

import pytest

from portal.domain.errors import Invalid
from portal.domain.verdict import (
    AnalysisPlan,
    Evidence,
    Outcome,
    Tally,
    Verdict,
    judge,
    latency_bin,
    no_evidence,
    weigh,
)
from portal.i18n import LOCALES, catalogue, t

REASONS = [
    "as_good",
    "errors_worse",
    "latency_worse",
    "errors_undecided",
    "latency_undecided",
    "too_few_requests",
    "no_stable_requests",
]


@dataclass(frozen=True, slots=True)
class Truth:
    """How one version behaves: error rate, median server time in milliseconds and its spread."""

    errors: float = 0.0
    median_ms: float = 30.0
    sigma: float = 0.3

    def tally(self, requests: int, random: Random) -> Tally:
        errors = sum(random.random() < self.errors for _ in range(requests))
        times = (self.median_ms * math.exp(random.gauss(0.0, self.sigma)) for _ in range(requests - errors))
        return Tally(requests, errors, Counter(latency_bin(ms) for ms in times))


def watch(
    stable: Truth, canary: Truth, *, random: Random, seconds: int = 120, evidence: Evidence | None = None
) -> Iterator[tuple[int, Verdict, Evidence]]:
    """200 requests a second, a tenth of them to the canary, judged every second."""
    evidence = evidence or no_evidence(AnalysisPlan())
    for second in range(1, seconds + 1):
        evidence = weigh(evidence, stable=stable.tally(180, random), canary=canary.tally(20, random))
        yield second, judge(evidence), evidence


def decide(stable: Truth, canary: Truth, *, seed: int) -> tuple[int, Verdict]:
    for second, verdict, _ in watch(stable, canary, random=Random(seed)):
        if verdict.outcome is not Outcome.INCONCLUSIVE:
            return second, verdict
    pytest.fail("no decision in two minutes")


@pytest.mark.req("REQ-P3-009")
@pytest.mark.parametrize("seed", range(5))
def test_a_canary_as_good_as_the_stable_version_passes_within_forty_seconds(seed):
    second, verdict = decide(Truth(), Truth(), seed=seed)
    assert (verdict.outcome, verdict.reason) == (Outcome.PASS, "as_good")
    assert second <= 40


@pytest.mark.req("REQ-P3-009")
@pytest.mark.parametrize("seed", range(5))
def test_a_canary_with_five_percent_errors_fails_within_ten_seconds(seed):
    second, verdict = decide(Truth(), Truth(errors=0.05), seed=seed)
    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, "errors_worse")
    assert second < 10
    assert verdict.measures[0].low > 0.0


@pytest.mark.req("REQ-P3-009")
@pytest.mark.parametrize("seed", range(5))
def test_a_canary_that_is_half_as_slow_again_fails_within_ten_seconds(seed):
    second, verdict = decide(Truth(), Truth(median_ms=45.0), seed=seed)
    assert (verdict.outcome, verdict.reason) == (Outcome.FAIL, "latency_worse")
    assert second < 10
    assert 1.0 < verdict.measures[1].low < verdict.measures[1].estimate


def test_an_outage_of_both_versions_is_not_the_canarys_fault_and_does_not_hide_a_bad_canary_afterwards():
    random = Random(1)
    down = Truth(errors=0.97)
    *outage, (_, _, evidence) = watch(down, down, random=random, seconds=20)
    assert all(verdict.outcome is Outcome.INCONCLUSIVE for _, verdict, _ in outage)
    watched = watch(Truth(), Truth(errors=0.05), random=random, seconds=30, evidence=evidence)
    assert any(verdict.outcome is Outcome.FAIL for _, verdict, _ in watched)


def test_a_canary_that_turns_bad_after_minutes_of_health_is_still_caught():
    random = Random(2)
    *_, (_, _, evidence) = watch(Truth(errors=0.01), Truth(errors=0.01), random=random, seconds=300)
    after = [
        second
        for second, verdict, _ in watch(
            Truth(errors=0.01), Truth(errors=0.2), random=random, seconds=60, evidence=evidence
        )
        if verdict.outcome is Outcome.FAIL
    ]
    assert after
    assert after[0] <= 30


def test_a_slowness_of_both_versions_is_not_the_canarys_fault():
    random = Random(3)
    evidence = no_evidence(AnalysisPlan())
    for second in range(60):
        truth = Truth(median_ms=30.0 * (4.0 if second % 20 >= 15 else 1.0 + second / 30.0))
        evidence = weigh(evidence, stable=truth.tally(180, random), canary=truth.tally(20, random))
        assert judge(evidence).outcome is not Outcome.FAIL


def test_a_share_that_grows_while_errors_grow_for_both_is_no_harm():
    """Over all requests the canary looks three times as bad (Simpson's paradox); second by second it does not."""
    random = Random(4)
    evidence = no_evidence(AnalysisPlan(error_tolerance=0.0, is_latency_judged=False))
    for share, rate in ((0.05, 0.002), (0.25, 0.01), (0.5, 0.05)):
        for _ in range(40):
            stable, canary = round(200 * (1 - share)), round(200 * share)
            truth = Truth(errors=rate)
            evidence = weigh(evidence, stable=truth.tally(stable, random), canary=truth.tally(canary, random))
            assert judge(evidence).outcome is not Outcome.FAIL
    verdict = judge(evidence)
    assert verdict.canary_errors / verdict.canary_requests > 1.5 * verdict.stable_errors / verdict.stable_requests
    assert verdict.measures[0].low < 0.0 < verdict.measures[0].high


def test_healthy_canaries_are_hardly_ever_stopped_however_often_one_looks():
    plan = AnalysisPlan(error_tolerance=0.0, latency_tolerance=1.0)
    random = Random(5)
    pool = [(Truth(errors=0.02).tally(30, random), Truth(errors=0.02).tally(6, random)) for _ in range(2000)]
    stopped = 0
    for _ in range(200):
        evidence = no_evidence(plan)
        for stable, canary in random.choices(pool, k=40):
            evidence = weigh(evidence, stable=stable, canary=canary)
            if judge(evidence).outcome is Outcome.FAIL:
                stopped += 1
                break
    assert stopped <= 6


def test_proven_harm_within_the_tolerance_passes():
    evidence = no_evidence(AnalysisPlan())
    for _ in range(60):
        evidence = weigh(evidence, stable=Tally(9000, 45, {90: 8955}), canary=Tally(1000, 8, {90: 700, 91: 292}))
    verdict = judge(evidence)
    assert verdict.measures[0].e_value > 100.0
    assert 0.0 < verdict.measures[0].low < verdict.measures[0].high < 0.01
    assert verdict.outcome is Outcome.PASS


def test_few_requests_are_inconclusive_and_say_how_many_are_missing():
    evidence = weigh(no_evidence(AnalysisPlan()), stable=Tally(500, 0, {90: 500}), canary=Tally(50, 0, {90: 50}))
    verdict = judge(evidence)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "too_few_requests")
    assert verdict.params["requests"] == "50"
    assert verdict.params["needed"] == "100"


def test_without_a_stable_version_there_is_no_verdict():
    evidence = no_evidence(AnalysisPlan())
    for _ in range(100):
        evidence = weigh(evidence, stable=Tally(), canary=Tally(1000, 300, {90: 700}))
    verdict = judge(evidence)
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "no_stable_requests")
    assert len(json.dumps(evidence.to_json())) < 8_000


def test_a_trickle_of_requests_is_gathered_until_it_can_be_compared():
    evidence = no_evidence(AnalysisPlan(is_latency_judged=False))
    for second in range(3000):
        evidence = weigh(evidence, stable=Tally(2), canary=Tally(1, 1) if second % 5 == 0 else Tally())
        if judge(evidence).outcome is Outcome.FAIL:
            break
    assert judge(evidence).outcome is Outcome.FAIL
    assert evidence.canary.requests <= 6


def test_a_billion_requests_a_second_overflow_nothing():
    evidence = no_evidence(AnalysisPlan())
    billion = 10**9
    for _ in range(50):
        evidence = weigh(
            evidence,
            stable=Tally(9 * billion, 9 * billion // 100, {90: 4 * billion, 91: 4 * billion}),
            canary=Tally(billion, billion // 50, {90: billion // 2, 91: billion // 2}),
        )
    verdict = judge(evidence)
    assert verdict.measures[0].estimate == pytest.approx(0.01)
    assert verdict.measures[0].low == pytest.approx(0.01, abs=0.004)
    assert math.isfinite(verdict.measures[0].e_value)
    assert verdict.measures[1].estimate == pytest.approx(1.0, abs=0.01)


def test_cold_caches_of_new_containers_are_no_harm_and_their_errors_are():
    random = Random(8)
    plan = AnalysisPlan(warm_up_intervals=2)
    evidence = no_evidence(plan)
    for second in range(20):
        canary = Truth(median_ms=300.0 if second < 2 else 30.0).tally(20, random)
        evidence = weigh(evidence, stable=Truth().tally(180, random), canary=canary)
        assert judge(evidence).outcome is not Outcome.FAIL
    broken = weigh(no_evidence(plan), stable=Truth().tally(180, random), canary=Truth(errors=0.9).tally(20, random))
    assert judge(broken).reason == "errors_worse"


def test_a_warm_up_that_was_stored_goes_on():
    stored = weigh(no_evidence(AnalysisPlan(warm_up_intervals=2)), stable=Tally(9, 0, {90: 9}), canary=Tally(1))
    evidence = Evidence.from_json(json.loads(json.dumps(stored.to_json())))
    assert evidence == stored
    for _ in range(2):
        evidence = weigh(evidence, stable=Tally(9, 0, {90: 9}), canary=Tally(1, 0, {90: 1}))
    assert sum(evidence.latency.gathered.values()) == 9


def test_the_interval_narrows_to_the_truth():
    *_, (_, verdict, _) = watch(Truth(errors=0.02), Truth(errors=0.03, median_ms=36.0), random=Random(6), seconds=600)
    errors, latency = verdict.measures
    assert errors.low < 0.01 < errors.high
    assert errors.high - errors.low < 0.02
    assert latency.low < 1.2 < latency.high
    assert latency.high / latency.low < 1.2
    assert latency.estimate == pytest.approx(1.2, abs=0.03)


def test_a_slow_end_is_found_where_the_plan_looks_at_it():
    """The medians agree; one canary request in ten takes eight times as long."""
    random = Random(7)
    plan = AnalysisPlan(latency_quantile=0.95)
    evidence = no_evidence(plan)
    stable = Truth()
    for second in count(1):
        canary = stable.tally(18, random) + Truth(median_ms=240.0).tally(2, random)
        evidence = weigh(evidence, stable=stable.tally(180, random), canary=canary)
        if judge(evidence).outcome is not Outcome.INCONCLUSIVE or second == 120:
            break
    assert judge(evidence).reason == "latency_worse"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_sentence_without_gaps(locale, reason):
    assert f"verdict.{reason}" in catalogue(locale)
    _, verdict = decide(Truth(), Truth(), seed=1)
    assert "{" not in t(locale, f"verdict.{reason}", **verdict.params)


@pytest.mark.parametrize(
    "values",
    [
        {"alpha": 0.0},
        {"alpha": 1.0},
        {"error_tolerance": -0.1},
        {"latency_tolerance": 0.9},
        {"min_requests": 0},
        {"pass_confidence": 1.0},
        {"latency_quantile": 1.0},
        {"error_share": math.nan},
        {"warm_up_intervals": -1},
    ],
)
def test_a_plan_out_of_range_is_refused_and_names_the_field(values):
    with pytest.raises(Invalid) as refused:
        AnalysisPlan(**values)
    assert refused.value.params["field"] in values


@pytest.mark.parametrize("document", [{}, {"format": 0}, {"format": 1, "plan": {}}, {"format": 1, "plan": {"x": 1}}])
def test_evidence_that_was_not_stored_by_this_version_is_refused(document):
    with pytest.raises(Invalid, match="evidence_unreadable"):
        Evidence.from_json(document)
