"""The running state of an analysis: one interval in, a new state out, in constant space and loss-free as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from portal.domain.errors import Invalid
from portal.domain.verdict_betting import Wealth
from portal.domain.verdict_errors import ErrorEvidence, no_error_evidence, weigh_errors
from portal.domain.verdict_latency import LatencyEvidence, no_latency_evidence, weigh_latency
from portal.domain.verdict_tally import Block, Tally

FORMAT = 1
BLOCK_MASS = 0.9
"""What a block counts for at least (see `Block.mass`): two requests of each version, or one beside nine."""
BLOCK_INTERVALS = 30


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """What is declared before a rollout: how sure to be, and how much worse a canary may be and still pass.

    `alpha` is the probability with which a canary no worse than the stable version is failed, over the whole
    rollout. `error_tolerance` is an absolute difference of error rates, `latency_tolerance` a ratio of the latency
    at `latency_quantile`. A tolerance of 0 or 1 accepts no proven harm and passes only a canary proven better.
    `pass_confidence` holds for each bound of an interval, `error_share` is the part of alpha spent on errors when
    latency is judged too. In the first `warm_up_intervals` errors count and times do not: caches of new containers
    are cold, whatever the version. Values out of range raise Invalid.
    """

    alpha: float = 0.01
    error_tolerance: float = 0.01
    latency_tolerance: float = 1.25
    min_requests: int = 100
    is_latency_judged: bool = True
    pass_confidence: float = 0.95
    latency_quantile: float = 0.5
    error_share: float = 0.85
    warm_up_intervals: int = 0

    def __post_init__(self) -> None:
        is_good = {
            "alpha": 0.0 < self.alpha < 1.0,
            "error_tolerance": 0.0 <= self.error_tolerance <= 1.0,
            "latency_tolerance": 1.0 <= self.latency_tolerance <= 1e6,
            "min_requests": self.min_requests >= 1,
            "pass_confidence": 0.5 <= self.pass_confidence < 1.0,
            "latency_quantile": 0.0 < self.latency_quantile < 1.0,
            "error_share": 0.0 < self.error_share < 1.0,
            "warm_up_intervals": self.warm_up_intervals >= 0,
        }
        for name, good in is_good.items():
            if not good:
                raise Invalid("analysis_plan_bad", field=name, value=getattr(self, name))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was learnt from the intervals so far. Only `weigh` makes more of it.

    `stable` and `canary` count everything that was seen, in so many `intervals`; `waiting_*` is the block that is not
    yet weighed.
    """

    plan: AnalysisPlan
    errors: ErrorEvidence = field(default_factory=no_error_evidence)
    latency: LatencyEvidence = field(default_factory=no_latency_evidence)
    stable: Tally = Tally()
    canary: Tally = Tally()
    waiting_stable: Tally = Tally()
    waiting_canary: Tally = Tally()
    waiting_intervals: int = 0
    intervals: int = 0

    def to_json(self) -> dict[str, Any]:
        """A document of plain JSON types, a few kilobytes, from which `from_json` makes the same evidence."""
        return {"format": FORMAT, **_plain(asdict(self))}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Evidence:
        """Raises Invalid for anything that `to_json` of this version did not make."""
        try:
            if document["format"] != FORMAT:
                raise ValueError(document["format"])
            return _evidence(document)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise Invalid("evidence_unreadable", problem=repr(problem)) from problem


def no_evidence(plan: AnalysisPlan) -> Evidence:
    return Evidence(plan)


def weigh(evidence: Evidence, *, stable: Tally, canary: Tally) -> Evidence:
    """The evidence after one more interval, in the order of time.

    An interval with very few requests waits for the next ones, for at most 30 intervals, so that the share of the
    canary in a block means something; a block in which one version had no request compares nothing.
    """
    seen = _counts(evidence.stable, stable), _counts(evidence.canary, canary)
    if evidence.intervals < evidence.plan.warm_up_intervals:
        stable, canary = (Tally(tally.requests, tally.errors) for tally in (stable, canary))
    waiting = Block(evidence.waiting_stable + stable, evidence.waiting_canary + canary)
    return _settled(evidence, waiting, seen)


def _settled(evidence: Evidence, waiting: Block, seen: tuple[Tally, Tally]) -> Evidence:
    intervals = evidence.waiting_intervals + 1
    passed = evidence.intervals + 1
    is_full = waiting.canary.requests > 0 and waiting.mass >= BLOCK_MASS
    if not is_full and intervals < BLOCK_INTERVALS:
        return Evidence(
            evidence.plan, evidence.errors, evidence.latency, *seen, waiting.stable, waiting.canary, intervals, passed
        )
    errors, latency = evidence.errors, evidence.latency
    if waiting.stable.requests and waiting.canary.requests:
        errors = weigh_errors(errors, waiting)
    if evidence.plan.is_latency_judged:
        latency = weigh_latency(latency, waiting, quantile=evidence.plan.latency_quantile)
    return Evidence(evidence.plan, errors, latency, *seen, intervals=passed)


def _counts(total: Tally, more: Tally) -> Tally:
    return Tally(total.requests + more.requests, total.errors + more.errors)


def _plain(value: Any) -> Any:
    """Tuples become lists and histograms lists of pairs, because the keys of a JSON object are strings."""
    if isinstance(value, dict):
        items = cast("dict[str | int, Any]", value)
        if any(isinstance(key, str) for key in items):
            return {key: _plain(item) for key, item in items.items()}
        return [[bin_, number] for bin_, number in items.items()]
    return [_plain(item) for item in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value


def _evidence(document: Mapping[str, Any]) -> Evidence:
    tallies = ("stable", "canary", "waiting_stable", "waiting_canary")
    return Evidence(
        plan=AnalysisPlan(**document["plan"]),
        errors=_errors(document["errors"]),
        latency=_latency(document["latency"]),
        waiting_intervals=document["waiting_intervals"],
        intervals=document.get("intervals", 0),
        **{name: _tally(document[name]) for name in tallies},
    )


def _errors(document: Mapping[str, Any]) -> ErrorEvidence:
    return ErrorEvidence(
        wealth=_wealth(document["wealth"]),
        mass=document["mass"],
        excess=document["excess"],
        **{name: _numbers(document[name]) for name in ("above", "below", "below_mass")},
    )


def _latency(document: Mapping[str, Any]) -> LatencyEvidence:
    return LatencyEvidence(
        wealth=_wealth(document["wealth"]),
        reference=_histogram(document["reference"]),
        gathered=_histogram(document["gathered"]),
        above=tuple(_numbers(row) for row in document["above"]),
        below=tuple(_numbers(row) for row in document["below"]),
        score=_numbers(document["score"]),
    )


def _wealth(document: Mapping[str, Any]) -> Wealth:
    return Wealth(_numbers(document["held"]), document["seen"])


def _tally(document: Mapping[str, Any]) -> Tally:
    return Tally(document["requests"], document["errors"], _histogram(document["latency"]))


def _histogram(pairs: Any) -> Mapping[int, int]:
    return {int(bin_): int(number) for bin_, number in pairs}


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
