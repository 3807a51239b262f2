r"""Testing by betting: the one inequality and the one bookkeeping behind every measure of the verdict.

The lemma. In a block of traffic n_c canary and n_s stable requests arrive, N = n_c + n_s, w = n_c / N and
m = n_c n_s / N. Let phi be any function of one request chosen before the block, and u a stake for which both
factors below stay positive. Requests are independent given the past. Then

    E = prod_canary (1 + u (1-w) phi(X)) * prod_stable (1 - u w phi(Y))
    E[E | past] = (1 + u (1-w) E phi(X))^n_c * (1 - u w E phi(Y))^n_s <= exp(u m (E phi(X) - E phi(Y)))

because 1 + z <= e^z and n_c (1-w) = n_s w = m. So

* if the canary is no worse in this block (E phi(X) <= E phi(Y)), E multiplies a fair or losing bet, and the
  product over blocks is a non-negative supermartingale: it ever reaches 1/alpha with probability <= alpha
  (Ville 1939), however often one looks and whenever one stops;
* E * exp(-u m d) is one for the true difference d of this block, which gives a confidence sequence for the
  m-weighted (Mantel-Haenszel) mean difference.

Nothing is asked of the rates themselves: they may be zero, differ from block to block, or burst for both versions
together, and the share w may change. Blocks may be cut by counting requests, never by looking at how they ended.
What the lemma needs and traffic can break: one user whose every request fails is not many independent requests.

The alternative is unknown, so the stake is spread over several bets (a mixture of supermartingales is one). A
reserve is kept back and brought in bit by bit, so that a canary that turns bad after a long healthy time, or
after an outage of both versions, is still caught: money lost earlier does not count against the new bets.

Sources: Wald 1945 (sequential tests); Robbins 1970 (mixtures); Johari, Pekelis, Walsh 2017 (always-valid
inference); Howard, Ramdas, McAuliffe, Sekhon 2021 (time-uniform confidence sequences); Turner, Ly, Gruenwald
2022 and Turner, Gruenwald 2023 (safe tests and exact anytime-valid intervals for 2x2 tables: the same
construction with the null point fixed at its best place); Shafer 2021 (testing by betting).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

RESERVE = 0.1
RESERVE_CLOCK_REQUESTS = 500.0
LOG_LARGEST = 700.0


@dataclass(frozen=True, slots=True)
class Wealth:
    """What each bet holds, as natural logarithms, and how many canary requests were bet on."""

    held: tuple[float, ...]
    seen: int = 0


def log_sum(logs: Sequence[float]) -> float:
    """log(sum(exp(x))) without overflow; -inf for nothing."""
    top = max(logs, default=-math.inf)
    if top == -math.inf:
        return top
    return top + math.log(sum([math.exp(x - top) for x in logs]))


def exp_bounded(log: float) -> float:
    """exp that stays a finite number."""
    return math.exp(min(LOG_LARGEST, log))


def open_wealth(log_weights: Sequence[float]) -> Wealth:
    """One unit of money: all but the reserve is staked, by weights (given as logarithms) that sum to 1."""
    return Wealth(tuple(math.log1p(-RESERVE) + log_weight for log_weight in log_weights))


def reserve(seen: int) -> float:
    """What is still kept back after `seen` canary requests."""
    return RESERVE / math.sqrt(1.0 + seen / RESERVE_CLOCK_REQUESTS)


def settle(wealth: Wealth, log_weights: Sequence[float], *, log_gains: Sequence[float], canary_requests: int) -> Wealth:
    """The wealth after a block in which bet i multiplied its money by exp(log_gains[i]).

    Fresh money enters before the block, by weights, and its amount depends on the number of requests alone.
    """
    seen = wealth.seen + canary_requests
    fresh = math.log(max(reserve(wealth.seen) - reserve(seen), 5e-324))
    triples = zip(wealth.held, log_weights, log_gains, strict=True)
    return Wealth(tuple([_log_add(held, fresh + share) + gain for held, share, gain in triples]), seen)


def _log_add(one: float, other: float) -> float:
    high, low = (one, other) if one > other else (other, one)
    return high + math.log1p(math.exp(low - high))


def log_worth(wealth: Wealth) -> float:
    """The logarithm of all money: the e-value. It starts at 0."""
    return log_sum((*wealth.held, math.log(reserve(wealth.seen))))
