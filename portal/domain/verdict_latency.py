r"""Does the canary answer more slowly than the stable version? Evidence of harm, and an interval for the ratio.

Only successful requests count, and only the server's time. Times are compared by rank, so that heavy tails and
outliers weigh no more than any other request, and within a block, so that a drift common to both does no harm.

Harm. F(x) is the share of the recent stable requests (of earlier blocks: known before the bet) that were faster
than x, ties counted half. The lemma of `verdict_betting` is used with the increasing scores

    phi(x) = k F(x)^(k-1) - 1,

which for k = 2 is Wilcoxon's score and for greater k looks at the slow end: k F^(k-1) is the likelihood ratio of
Lehmann's alternative, a canary request being as slow as the slowest of k stable ones (Lehmann 1953). If the
canary is stochastically no slower than the stable version in a block, E phi(X) <= E phi(Y) and no bet gains. A
reference that has gone stale costs power, never validity.

Interval. For a ratio r the canary's times are divided by r and compared with the stable ones by exceeding the
recent stable quantile (the sign test at the quantile), by the lemma in both directions. The r not rejected hold
the true ratio of the quantiles at all times with the confidence wished, where the canary's times are the stable
times multiplied by a factor; r moves in bins of 4.6 %, and the bounds are rounded outwards to the grid.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from portal.domain.verdict_betting import Wealth, log_sum, open_wealth, settle
from portal.domain.verdict_tally import LATENCY_STEP, Block, add_counts

RANK_BETS = ((2, 0.2), (2, 0.55), (3, 0.9), (8, 1.0))
"""Pairs of k and the stake wished for."""
RANK_WEIGHTS = (0.25, 0.35, 0.25, 0.15)
_LOG_RANK_WEIGHTS = tuple(math.log(weight) for weight in RANK_WEIGHTS)
SHIFTS = (-52, -31, -19, -12, -8, -5, -3, -2, -1, *range(11), 12, 14, 17, 20, 24, 31, 41, 52)
"""The ratios of the interval, as numbers of bins: 0.1 to 10."""
STAKES = (0.12, 0.6)
REFERENCE_REQUESTS = 500
RATIO_UNKNOWN = 1.2e6
"""The greatest ratio the bins can hold: the upper bound as long as nothing is known."""

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class LatencyEvidence:
    """What was learnt about latency. `above` and `below` hold a row a stake and a column a shift."""

    wealth: Wealth
    reference: Mapping[int, int] = field(default_factory=dict[int, int])
    gathered: Mapping[int, int] = field(default_factory=dict[int, int])
    above: Rows = ((0.0,) * len(SHIFTS),) * len(STAKES)
    below: Rows = ((0.0,) * len(SHIFTS),) * len(STAKES)
    score: tuple[float, ...] = (0.0,) * len(SHIFTS)


@dataclass(frozen=True, slots=True)
class _Split:
    """How many requests of a block are on the slow and on the fast side, and what either scores."""

    stable: tuple[int, int]
    canary: tuple[tuple[int, int], ...]
    """A pair for each shift."""
    scores: tuple[float, float]
    share: float


def no_latency_evidence() -> LatencyEvidence:
    return LatencyEvidence(open_wealth(_LOG_RANK_WEIGHTS))


def weigh_latency(evidence: LatencyEvidence, block: Block, *, quantile: float) -> LatencyEvidence:
    """The evidence after one block. Before the first stable requests are known, nothing is bet."""
    answered = block.answered
    known = evidence.reference or evidence.gathered
    reference, gathered = _remember(evidence, answered.stable.latency)
    evidence = replace(evidence, reference=reference, gathered=gathered)
    if not (known and answered.stable.requests and answered.canary.requests):
        return evidence
    split = _split(answered, known, quantile=quantile)
    gains = _rank_gains(_Ranks(known), answered)
    return replace(
        evidence,
        wealth=settle(evidence.wealth, _LOG_RANK_WEIGHTS, log_gains=gains, canary_requests=answered.canary.requests),
        above=_rows(evidence.above, split, sign=-1.0),
        below=_rows(evidence.below, split, sign=+1.0),
        score=_scores(evidence.score, split),
    )


def ratio(evidence: LatencyEvidence) -> float:
    """Quantile of the canary divided by that of the stable version; 1 while nothing is known."""
    score = evidence.score
    if score[0] <= 0.0:
        return LATENCY_STEP ** SHIFTS[0] if score[0] < 0.0 else 1.0
    after = next((i for i, value in enumerate(score) if value <= 0.0), None)
    if after is None:
        return LATENCY_STEP ** SHIFTS[-1]
    before = after - 1
    part = score[before] / (score[before] - score[after])
    return LATENCY_STEP ** (SHIFTS[before] + part * (SHIFTS[after] - SHIFTS[before]))


def ratio_bounds(evidence: LatencyEvidence, confidence: float) -> tuple[float, float]:
    """The ratio lies above the first and, separately, below the second number with `confidence`, at any time."""
    level = -math.log1p(-confidence)
    middle = ratio(evidence)
    refused_above = [_mixed(evidence.above, i) >= level for i in range(len(SHIFTS))]
    refused_below = [_mixed(evidence.below, i) >= level for i in range(len(SHIFTS))]
    possible_high = max((i for i, refused in enumerate(refused_above) if not refused), default=-1) + 1
    possible_low = min((i for i, refused in enumerate(refused_below) if not refused), default=len(SHIFTS)) - 1
    high = LATENCY_STEP ** SHIFTS[possible_high] if possible_high < len(SHIFTS) else RATIO_UNKNOWN
    low = LATENCY_STEP ** SHIFTS[possible_low] if possible_low >= 0 else 0.0
    return min(low, middle), max(high, middle)


def _mixed(rows: Rows, column: int) -> float:
    return log_sum([row[column] for row in rows]) - math.log(len(STAKES))


def _remember(evidence: LatencyEvidence, stable: Mapping[int, int]) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Two generations: the reference of the bets, and what is gathered to replace it."""
    gathered = add_counts(evidence.gathered, stable)
    if sum(gathered.values()) >= REFERENCE_REQUESTS:
        return gathered, {}
    return evidence.reference, gathered


class _Ranks:
    """Mid-ranks in 0..1 of bins among the requests of a reference."""

    __slots__ = ("_below", "_bins", "_counts", "_total")

    def __init__(self, counts: Mapping[int, int]) -> None:
        self._bins = sorted(counts)
        self._counts = counts
        self._below = [0, *accumulate(counts[bin_] for bin_ in self._bins)]
        self._total = self._below[-1]

    def __call__(self, bin_: int) -> float:
        below = self._below[bisect_left(self._bins, bin_)]
        return (below + 0.5 * self._counts.get(bin_, 0) + 0.5) / (self._total + 1.0)


def _rank_gains(ranks: _Ranks, block: Block) -> list[float]:
    share = block.share
    canary = [(ranks(bin_), number) for bin_, number in block.canary.latency.items()]
    stable = [(ranks(bin_), number) for bin_, number in block.stable.latency.items()]
    gains: list[float] = []
    for power, wished in RANK_BETS:
        stake = min(wished, 0.95 / (share * (power - 1)))
        up, down = stake * (1.0 - share), stake * share
        gains.append(
            _log_bet(canary, start=1.0 - up, slope=up * power, exponent=power - 1)
            + _log_bet(stable, start=1.0 + down, slope=-down * power, exponent=power - 1)
        )
    return gains


def _log_bet(ranked: Sequence[tuple[float, int]], *, start: float, slope: float, exponent: int) -> float:
    """The sum of log(1 + c phi) with phi = k F^(k-1) - 1, given as start + slope * F^exponent."""
    log = math.log
    return sum(number * log(start + slope * rank**exponent) for rank, number in ranked)


def _threshold(known: Mapping[int, int], quantile: float) -> tuple[int, float]:
    """The first bin of the slow side, and the share of the stable requests that fall on that side."""
    total = sum(known.values())
    below, best, distance = 0, min(known), math.inf
    for bin_ in sorted(known):
        if abs(below / total - quantile) >= distance:
            break
        best, distance = bin_, abs(below / total - quantile)
        below += known[bin_]
    slower = sum(number for bin_, number in known.items() if bin_ >= best)
    return best, (slower + 0.5) / (total + 1.0)


def _split(block: Block, known: Mapping[int, int], *, quantile: float) -> _Split:
    first, expected = _threshold(known, quantile)
    scale = max(expected, 1.0 - expected)
    slow = sum(number for bin_, number in block.stable.latency.items() if bin_ >= first)
    return _Split(
        stable=(slow, block.stable.requests - slow),
        canary=tuple((slow, block.canary.requests - slow) for slow in _slower(block.canary.latency, first)),
        scores=((1.0 - expected) / scale, -expected / scale),
        share=block.share,
    )


def _slower(canary: Mapping[int, int], first: int) -> list[int]:
    """For each shift, how many canary requests are on the slow side after division by its ratio."""
    bins = sorted(canary)
    faster = [0, *accumulate(canary[bin_] for bin_ in bins)]
    return [faster[-1] - faster[bisect_left(bins, first + shift)] for shift in SHIFTS]


def _rows(held: Rows, split: _Split, *, sign: float) -> Rows:
    slow, fast = split.scores
    rows: list[tuple[float, ...]] = []
    for row, stake in zip(held, STAKES, strict=True):
        up, down = sign * stake * (1.0 - split.share), -sign * stake * split.share
        if_slow, if_fast = math.log1p(up * slow), math.log1p(up * fast)
        own = split.stable[0] * math.log1p(down * slow) + split.stable[1] * math.log1p(down * fast)
        pairs = zip(row, split.canary, strict=True)
        rows.append(tuple(value + own + many * if_slow + few * if_fast for value, (many, few) in pairs))
    return tuple(rows)


def _scores(held: tuple[float, ...], split: _Split) -> tuple[float, ...]:
    slow, fast = split.scores
    own = split.share * (split.stable[0] * slow + split.stable[1] * fast)
    rest = 1.0 - split.share
    pairs = zip(held, split.canary, strict=True)
    return tuple(value + rest * (many * slow + few * fast) - own for value, (many, few) in pairs)
