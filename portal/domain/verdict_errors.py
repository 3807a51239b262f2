r"""Does the canary fail more often than the stable version? Evidence of harm, and an interval for the difference.

Harm. In a block with x canary and y stable errors, K = x + y, the number x is hypergeometric given K if both versions
fail alike, whatever the rate and wherever in the block it bursts: each error falls on the canary with the canary's
share of the requests. Against odds psi > 1 the likelihood ratio given K is

    psi^x / Z,   Z = sum_j P(j) psi^j,   P(j) = C(n_c, j) C(n_s, K - j) / C(N, K)      (Fisher 1935)

It has mean 1 if the versions are equal, and less if the canary is better, because then x given K is smaller in
likelihood-ratio order and psi^x grows with x. So the product over blocks is a supermartingale, and a mixture over
psi too (see `verdict_betting`). No rate has to be guessed, nothing is lost while no request fails, and a time in
which both versions fail alike costs next to nothing. Growth is the conditional Kullback-Leibler divergence, a few
percent below that of the whole two-sample problem, which no test can pass (Wald). With very many errors in a block Z
is replaced by (1 - w + psi w)^K, which is no less (Hoeffding 1963: sampling without replacement is the tamer one).

Interval. With phi(X) = X the lemma gives, for a stake u in (0, 1) and the m-weighted mean difference d so far,

    above: prod (1 - u (1-w))^x (1 + u w)^y * exp(+u m d)      below: prod psi^x / (1 - w + psi w)^K * exp(-u m d)

both supermartingales for the true d, so that each d for which a mixture over stakes exceeds 1/(1 - confidence) is
left out. The lower bound weighs blocks by u m with u = (psi - 1)/(1 - w + psi w): the same thing while the share
stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.domain.verdict_betting import Wealth, log_sum, open_wealth, settle
from portal.domain.verdict_tally import Block

ODDS = (1.3, 2.0, 6.0, 18.0, 60.0, 200.0)
ODDS_WEIGHTS = (0.02, 0.06, 0.14, 0.33, 0.3, 0.15)
BELOW_ODDS = (1.1, 1.5, 3.0, 8.0, 30.0, 200.0)
EXACT_TERMS = 256
STAKES = (1.0, 0.75, 0.5, 0.25, 0.1, 0.04, 0.015)
STAKE_WEIGHTS = (0.4, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03)

_LOG_ODDS = tuple(math.log(odds) for odds in ODDS)
_LOG_ODDS_WEIGHTS = tuple(math.log(weight) for weight in ODDS_WEIGHTS)
_LOG_STAKE_WEIGHTS = tuple(math.log(weight) for weight in STAKE_WEIGHTS)
_NO_GAINS = (0.0,) * len(ODDS)
_LOG_BELOW_WEIGHT = -math.log(len(BELOW_ODDS))


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
    return ErrorEvidence(
        open_wealth(_LOG_ODDS_WEIGHTS), (0.0,) * len(STAKES), (0.0,) * len(BELOW_ODDS), (0.0,) * len(BELOW_ODDS)
    )


def weigh_errors(evidence: ErrorEvidence, block: Block) -> ErrorEvidence:
    """The evidence after one block in which both versions had requests."""
    share, mass = block.share, block.mass
    errors = block.canary.errors + block.stable.errors
    return ErrorEvidence(
        settle(
            evidence.wealth,
            _LOG_ODDS_WEIGHTS,
            log_gains=_harm_gains(block, errors) if errors else _NO_GAINS,
            canary_requests=block.canary.requests,
        ),
        _sum(evidence.above, _above_gains(block)) if errors else evidence.above,
        _sum(evidence.below, _odds_gains(block, BELOW_ODDS)) if errors else evidence.below,
        _sum(evidence.below_mass, [mass * (odds - 1.0) / (1.0 + share * (odds - 1.0)) for odds in BELOW_ODDS]),
        evidence.mass + mass,
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


def _harm_gains(block: Block, errors: int) -> Sequence[float]:
    own = block.canary.errors
    if min(block.canary.requests, errors) >= EXACT_TERMS:
        return _odds_gains(block, ODDS)
    first, logs = _log_hypergeometric(block, errors)
    return [
        own * log_odds - log_sum([log + (first + j) * log_odds for j, log in enumerate(logs)]) for log_odds in _LOG_ODDS
    ]


def _log_hypergeometric(block: Block, errors: int) -> tuple[int, list[float]]:
    """The smallest possible number of canary errors, and log P of it and of each greater one."""
    canary, stable = block.canary.requests, block.stable.requests
    first, last = max(0, errors - stable), min(errors, canary)
    logs = [0.0]
    for j in range(first, last):
        more = (canary - j) * (errors - j) / ((j + 1) * (stable - errors + j + 1))
        logs.append(logs[-1] + math.log(more))
    total = log_sum(logs)
    return first, [log - total for log in logs]


def _odds_gains(block: Block, odds_: Sequence[float]) -> Sequence[float]:
    own, errors, share = block.canary.errors, block.canary.errors + block.stable.errors, block.share
    return [own * math.log(odds) - errors * math.log1p(share * (odds - 1.0)) for odds in odds_]


def _above_gains(block: Block) -> Sequence[float]:
    own, others, share = block.canary.errors, block.stable.errors, block.share
    return [own * math.log1p(-stake * (1.0 - share)) + others * math.log1p(stake * share) for stake in STAKES]


def _sum(held: Sequence[float], gains: Sequence[float]) -> tuple[float, ...]:
    return tuple(map(float.__add__, held, gains))
