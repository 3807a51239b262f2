"""Judges of one stream: the verdict of the portal, and what others do, each told one second at a time.

A judge is made anew for each canary; `see` returns whether it aborts now.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Protocol

from portal.domain.verdict import AnalysisPlan, Outcome, Tally, judge, no_evidence, weigh
from portal.domain.verdict_betting import log_worth

CHECK_SECONDS = 20
CHECKS = 3


class Judge(Protocol):
    def see(self, stable: Tally, canary: Tally) -> bool: ...


class PortalVerdict:
    """The verdict as the portal uses it, looked at every second; a plan without tolerance aborts on proven harm."""

    def __init__(self, plan: AnalysisPlan) -> None:
        self._evidence = no_evidence(plan)
        self._log_needed = -math.log(plan.alpha)

    def see(self, stable: Tally, canary: Tally) -> bool:
        self._evidence = weigh(self._evidence, stable=stable, canary=canary)
        return self._may_fail() and judge(self._evidence).outcome is Outcome.FAIL

    def _may_fail(self) -> bool:
        """The cheap half of `judge`: below this no measure can fail, and the intervals need not be computed."""
        errors, latency = self._evidence.errors, self._evidence.latency
        return max(log_worth(errors.wealth), log_worth(latency.wealth)) >= self._log_needed


class ErrorThreshold:
    """Argo style: the canary's error rate in a window of 20 s is above 1 % in `checks` windows running."""

    def __init__(self, checks: int) -> None:
        self._checks = checks
        self._at = self._requests = self._errors = self._bad = 0

    def see(self, stable: Tally, canary: Tally) -> bool:
        self._at += 1
        self._requests += canary.requests
        self._errors += canary.errors
        if self._at % CHECK_SECONDS:
            return False
        self._bad = self._bad + 1 if self._errors > 0.01 * self._requests else 0
        self._requests = self._errors = 0
        return self._bad >= self._checks


class RepeatedZ:
    """A one-sided two-proportion z test at 1 % on all requests so far, repeated every second."""

    def __init__(self) -> None:
        self._stable, self._canary = Tally(), Tally()

    def see(self, stable: Tally, canary: Tally) -> bool:
        self._stable += Tally(stable.requests, stable.errors)
        self._canary += Tally(canary.requests, canary.errors)
        s, c = self._stable, self._canary
        errors, requests = s.errors + c.errors, s.requests + c.requests
        if min(s.requests, c.requests) < 20 or not 0 < errors < requests:
            return False
        rate = errors / requests
        spread = math.sqrt(rate * (1.0 - rate) * (1.0 / s.requests + 1.0 / c.requests))
        return (c.errors / c.requests - s.errors / s.requests) / spread > 2.326


class LatencyThreshold:
    """Argo style: the canary's median in a window of 20 s is above 1.25 times the stable one in `checks` windows."""

    def __init__(self, checks: int) -> None:
        self._checks = checks
        self._at = self._bad = 0
        self._stable: Counter[int] = Counter()
        self._canary: Counter[int] = Counter()

    def see(self, stable: Tally, canary: Tally) -> bool:
        self._at += 1
        self._stable.update(stable.latency)
        self._canary.update(canary.latency)
        if self._at % CHECK_SECONDS:
            return False
        self._bad = self._bad + 1 if _median(self._canary) - _median(self._stable) > 5 else 0
        self._stable.clear()
        self._canary.clear()
        return self._bad >= self._checks


class RepeatedMannWhitney:
    """Kayenta's test: Mann-Whitney at 1 % (one-sided, ties corrected) on all requests so far, every second."""

    def __init__(self) -> None:
        self._stable: Counter[int] = Counter()
        self._canary: Counter[int] = Counter()

    def see(self, stable: Tally, canary: Tally) -> bool:
        self._stable.update(stable.latency)
        self._canary.update(canary.latency)
        n, m = self._stable.total(), self._canary.total()
        if min(n, m) < 20:
            return False
        below = ties = 0
        rank_sum = 0.0
        for bin_ in sorted(self._stable.keys() | self._canary.keys()):
            number = self._stable[bin_] + self._canary[bin_]
            rank_sum += self._canary[bin_] * (below + (number + 1) / 2.0)
            below += number
            ties += number**3 - number
        spread = math.sqrt(n * m / 12.0 * (n + m + 1 - ties / ((n + m) * (n + m - 1))))
        return spread > 0.0 and (rank_sum - m * (n + m + 1) / 2.0) / spread > 2.326


def _median(counts: Counter[int]) -> int:
    left = counts.total() / 2.0
    for bin_ in sorted(counts):
        left -= counts[bin_]
        if left <= 0.0:
            return bin_
    return 0
