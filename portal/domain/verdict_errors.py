r"""Does the canary fail more often than the stable version? Evidence of harm, and an interval for the difference.

Harm. Every bet names how often each version would fail, p_c > p_s, and multiplies its money in a block by

    (p_c/p)^x ((1-p_c)/(1-p))^(n_c-x) (p_s/p)^y ((1-p_s)/(1-p))^(n_s-y),    p = w p_c + (1-w) p_s,

x and y being the errors of canary and stable. This is the lemma of `verdict_betting` with phi(X) = X - p and
u = (p_c - p_s) / (p (1-p)), so that it is a fair or losing bet whenever the canary fails no more often than the
stable version in that block, whatever the rates are; and its growth under (p_s, p_c) is the Kullback-Leibler
divergence of the two-sample problem, which no test can pass (Wald). Bets on the odds psi alone are the limit
p_s -> 0 with p_c/p_s = psi: then the money grows by psi^x / (1 - w + psi w)^(x+y), which asks of each error
whether it came from the canary more often than the canary's share of the traffic, and costs nothing while no
request fails. Most of the money is on odds, because these need no guess of the rates.

Interval. With phi(X) = X the lemma gives, for a stake u in (0, 1) and the m-weighted mean difference d so far,

    above: prod (1 - u (1-w))^x (1 + u w)^y * exp(+u m d)      below: (psi^x / (1 - w + psi w)^(x+y)) * exp(-u m d)

both supermartingales, so that a d for which a mixture over stakes exceeds 1/(1 - confidence) is left out. The
lower bound weighs blocks by u m with u = (psi - 1)/(1 - w + psi w), the same thing while the share stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.domain.verdict_betting import Wealth, log_sum, open_wealth, settle
from portal.domain.verdict_tally import Block

ODDS = (1.5, 3.0, 6.0, 10.0, 20.0, 60.0, 300.0)
RATES = ((0.003, 0.3),)
BET_WEIGHTS = (0.04, 0.06, 0.1, 0.2, 0.2, 0.1, 0.1, 0.2)
STAKES = (1.0, 0.5, 0.25, 0.12, 0.06, 0.03, 0.015)
STAKE_WEIGHTS = (0.4, 0.15, 0.15, 0.1, 0.1, 0.05, 0.05)

_LOG_ODDS = tuple(math.log(odds) for odds in ODDS)
_LOG_STAKE_WEIGHTS = tuple(math.log(weight) for weight in STAKE_WEIGHTS)
_LOG_BELOW_WEIGHT = -math.log(len(ODDS))


@dataclass(frozen=True, slots=True)
class ErrorEvidence:
    """What was learnt about errors: the money on harm, the two halves of the interval, and the estimate."""

    wealth: Wealth
    above: tuple[float, ...]
    below: tuple[float, ...]
    below_mass: tuple[float, ...]
    mass: float = 0.0
    excess: float = 0.0


def no_error_evidence() -> ErrorEvidence:
    return ErrorEvidence(open_wealth(BET_WEIGHTS), (0.0,) * len(STAKES), (0.0,) * len(ODDS), (0.0,) * len(ODDS))


def weigh_errors(evidence: ErrorEvidence, block: Block) -> ErrorEvidence:
    """The evidence after one block in which both versions had requests."""
    share = block.share
    by_odds = _odds_gains(block)
    gains = (*by_odds, *(_rates_gain(block, rates) for rates in RATES))
    return ErrorEvidence(
        settle(evidence.wealth, BET_WEIGHTS, log_gains=gains, canary_requests=block.canary.requests),
        _sum(evidence.above, _above_gains(block)),
        _sum(evidence.below, by_odds),
        _sum(evidence.below_mass, [block.mass * (odds - 1.0) / (1.0 + share * (odds - 1.0)) for odds in ODDS]),
        evidence.mass + block.mass,
        evidence.excess + block.canary.errors * (1.0 - share) - block.stable.errors * share,
    )


def difference(evidence: ErrorEvidence) -> float:
    """Error rate of the canary minus that of the stable version, compared within each block; 0 for no traffic."""
    return evidence.excess / evidence.mass if evidence.mass else 0.0


def difference_bounds(evidence: ErrorEvidence, confidence: float) -> tuple[float, float]:
    """The difference lies above the first and, separately, below the second number with `confidence`, at any time."""
    if not evidence.mass:
        return -1.0, 1.0
    level = -math.log1p(-confidence)
    high = _bisect(lambda d: _log_above(evidence, d) < level)
    low = -_bisect(lambda d: _log_below(evidence, -d) < level)
    return min(low, difference(evidence)), max(high, difference(evidence))


def _log_above(evidence: ErrorEvidence, difference_: float) -> float:
    terms = zip(_LOG_STAKE_WEIGHTS, evidence.above, STAKES, strict=True)
    return log_sum([weight + log + stake * evidence.mass * difference_ for weight, log, stake in terms])


def _log_below(evidence: ErrorEvidence, difference_: float) -> float:
    terms = zip(evidence.below, evidence.below_mass, strict=True)
    return log_sum([_LOG_BELOW_WEIGHT + log - mass * difference_ for log, mass in terms])


def _bisect(is_possible: Callable[[float], bool]) -> float:
    """The largest possible difference in -1..1, rounded up by less than a millionth."""
    low, high = -1.0, 1.0
    if is_possible(high):
        return high
    while high - low > 1e-6:
        middle = (low + high) / 2.0
        low, high = (middle, high) if is_possible(middle) else (low, middle)
    return high


def _odds_gains(block: Block) -> Sequence[float]:
    own, errors = block.canary.errors, block.canary.errors + block.stable.errors
    if not errors:
        return (0.0,) * len(ODDS)
    share = block.share
    pairs = zip(ODDS, _LOG_ODDS, strict=True)
    return [own * log_odds - errors * math.log1p(share * (odds - 1.0)) for odds, log_odds in pairs]


def _above_gains(block: Block) -> Sequence[float]:
    own, others, share = block.canary.errors, block.stable.errors, block.share
    if not own + others:
        return (0.0,) * len(STAKES)
    return [own * math.log1p(-stake * (1.0 - share)) + others * math.log1p(stake * share) for stake in STAKES]


def _rates_gain(block: Block, rates: tuple[float, float]) -> float:
    stable_rate, canary_rate = rates
    both = block.share * canary_rate + (1.0 - block.share) * stable_rate
    sides = ((block.canary, canary_rate), (block.stable, stable_rate))
    return sum(
        tally.errors * math.log(rate / both) + (tally.requests - tally.errors) * math.log((1.0 - rate) / (1.0 - both))
        for tally, rate in sides
    )


def _sum(held: Sequence[float], gains: Sequence[float]) -> tuple[float, ...]:
    return tuple(map(float.__add__, held, gains))
