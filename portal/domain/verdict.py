"""The verdict on a canary: pass, fail or inconclusive, valid however often it is looked at.

`weigh` takes one interval of both versions, `judge` says what the evidence so far amounts to.

* A measure FAILS when harm is proven against no difference (its e-value reaches 1/alpha) and the point estimate
  is beyond the tolerance: what was declared tolerable is never a reason to stop.
* A measure PASSES when the upper bound of its interval is within the tolerance.
* FAIL if any measure fails; PASS if every measure passes and the canary answered at least `min_requests`; else
  INCONCLUSIVE. Too little traffic never passes. Proven harm fails below `min_requests` too: three errors in fifty
  requests beside a stable version without errors need no more traffic.

A healthy canary fails with probability <= alpha over the whole rollout: the measures share alpha (errors take
`error_share`, latency the rest; union bound) and each is a supermartingale, see `verdict_betting`. A canary worse
than a tolerance passes with probability <= 1 - `pass_confidence`, since that measure would have to leave its own
confidence sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import log, log1p

from portal.domain.verdict_betting import exp_bounded, log_worth
from portal.domain.verdict_errors import difference, difference_bounds
from portal.domain.verdict_evidence import AnalysisPlan, Evidence, no_evidence, weigh
from portal.domain.verdict_latency import ratio, ratio_bounds
from portal.domain.verdict_tally import LATENCY_EDGES_MS, Tally, latency_bin, quantile_ms

__all__ = [
    "LATENCY_EDGES_MS",
    "AnalysisPlan",
    "Evidence",
    "Measure",
    "Outcome",
    "Tally",
    "Verdict",
    "judge",
    "latency_bin",
    "no_evidence",
    "quantile_ms",
    "weigh",
]


class Outcome(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Measure:
    """One comparison, by `name`: `errors` (`unit` difference, of error rates 0..1) or `latency` (`unit` ratio).

    `low` and `high` each hold with `pass_confidence` at all times. `e_value` is the evidence of harm; it is already
    discounted by the measure's share of alpha, so that harm is proven from 1/alpha on.
    """

    name: str
    unit: str
    estimate: float
    low: float
    high: float
    tolerance: float
    e_value: float
    outcome: Outcome = Outcome.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence amounts to. The sentence is `verdict.<reason>` of the catalogue with `params`."""

    outcome: Outcome
    measures: tuple[Measure, ...]
    canary_requests: int
    stable_requests: int
    canary_errors: int
    stable_errors: int
    reason: str
    params: Mapping[str, str]


def judge(evidence: Evidence) -> Verdict:
    """The verdict on all that was weighed. Pure: looking changes nothing, and looking again costs nothing."""
    measures = (_errors(evidence), *((_latency(evidence),) if evidence.plan.is_latency_judged else ()))
    outcome = _outcome(evidence, measures)
    reason, params = _reason(evidence, outcome, measures=measures)
    stable, canary = evidence.stable, evidence.canary
    return Verdict(outcome, measures, canary.requests, stable.requests, canary.errors, stable.errors, reason, params)


def _outcome(evidence: Evidence, measures: tuple[Measure, ...]) -> Outcome:
    if any(measure.outcome is Outcome.FAIL for measure in measures):
        return Outcome.FAIL
    is_enough = evidence.canary.requests >= evidence.plan.min_requests
    if is_enough and all(measure.outcome is Outcome.PASS for measure in measures):
        return Outcome.PASS
    return Outcome.INCONCLUSIVE


def _errors(evidence: Evidence) -> Measure:
    plan, errors = evidence.plan, evidence.errors
    share = plan.error_share if plan.is_latency_judged else 1.0
    low, high = difference_bounds(errors, plan.pass_confidence)
    e_value = exp_bounded(log(share) + log_worth(errors.wealth))
    measure = Measure("errors", "difference", difference(errors), low, high, plan.error_tolerance, e_value)
    return _decided(measure, plan)


def _latency(evidence: Evidence) -> Measure:
    plan, latency = evidence.plan, evidence.latency
    low, high = ratio_bounds(latency, plan.pass_confidence)
    e_value = exp_bounded(log1p(-plan.error_share) + log_worth(latency.wealth))
    measure = Measure("latency", "ratio", ratio(latency), low, high, plan.latency_tolerance, e_value)
    return _decided(measure, plan)


def _decided(measure: Measure, plan: AnalysisPlan) -> Measure:
    if measure.e_value * plan.alpha >= 1.0 and measure.estimate > measure.tolerance:
        return replace(measure, outcome=Outcome.FAIL)
    # A ratio's bound is a power of the bin's width: 1.25 is five bins, up to the last digit.
    if measure.high <= measure.tolerance * (1.0 + 1e-9):
        return replace(measure, outcome=Outcome.PASS)
    return measure


def _reason(evidence: Evidence, outcome: Outcome, *, measures: tuple[Measure, ...]) -> tuple[str, dict[str, str]]:
    requests = {"requests": str(evidence.canary.requests), "needed": str(evidence.plan.min_requests)}
    if outcome is Outcome.INCONCLUSIVE and (shortage := _shortage(evidence)):
        return shortage, requests
    if outcome is Outcome.PASS:
        return "as_good", requests | _figures(measures[0])
    ending = "worse" if outcome is Outcome.FAIL else "undecided"
    told = next((measure for measure in measures if measure.outcome is outcome), measures[0])
    return f"{told.name}_{ending}", requests | _figures(told)


def _shortage(evidence: Evidence) -> str | None:
    if not evidence.stable.requests:
        return "no_stable_requests"
    if evidence.canary.requests < evidence.plan.min_requests:
        return "too_few_requests"
    return None


def _figures(measure: Measure) -> dict[str, str]:
    """The numbers of a sentence: percentage points of error rate, or percent by which the canary is slower."""
    show: Callable[[float], str] = _points if measure.unit == "difference" else _slower
    numbers = {"estimate": measure.estimate, "low": measure.low, "high": measure.high, "tolerance": measure.tolerance}
    return {name: show(value) for name, value in numbers.items()}


def _points(difference_: float) -> str:
    return f"{100.0 * difference_:+.2f}"


def _slower(ratio_: float) -> str:
    return f"{100.0 * (ratio_ - 1.0):+.0f}" if ratio_ <= 10.0 else "> +900"
