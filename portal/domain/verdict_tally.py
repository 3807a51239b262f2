"""Counts of one interval: requests, errors and a histogram of server times, the only input of the verdict."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count, takewhile

from portal.domain.errors import Invalid

LATENCY_STEP = 1.25**0.2
"""Ratio of two neighbouring edges: 4.6 %, so that a ratio of 1.25 is exactly five bins."""

LATENCY_EDGES_MS: tuple[float, ...] = (
    *takewhile(lambda edge: edge < 120_000.0, (0.1 * LATENCY_STEP**k for k in count())),
    120_000.0,
)
"""Upper edges of the bins in milliseconds; what takes 120 s or longer falls into the bin after the last edge."""


def latency_bin(ms: float) -> int:
    """The bin of a server time in milliseconds: 0 below 0.1 ms, len(LATENCY_EDGES_MS) from 120 s on."""
    return bisect_right(LATENCY_EDGES_MS, ms)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one version answered in one interval, usually a second.

    `latency` maps a bin to the number of successful requests in it. Counts are not negative and there are
    never more errors than requests: anything else raises Invalid.
    """

    requests: int = 0
    errors: int = 0
    latency: Mapping[int, int] = field(default_factory=dict[int, int], hash=False)

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.requests:
            raise Invalid("tally_impossible", requests=self.requests, errors=self.errors)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.requests + other.requests,
            self.errors + other.errors,
            add_counts(self.latency, other.latency),
        )


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of time in which both versions answered, compared as a whole."""

    stable: Tally
    canary: Tally

    @property
    def answered(self) -> Block:
        """The successful requests alone, counted by their latency."""
        stable, canary = self.stable.latency, self.canary.latency
        return Block(Tally(sum(stable.values()), 0, stable), Tally(sum(canary.values()), 0, canary))

    @property
    def share(self) -> float:
        """The canary's part of the requests, 0..1."""
        return self.canary.requests / (self.canary.requests + self.stable.requests)

    @property
    def mass(self) -> float:
        """What the block counts for in a mean difference (Mantel-Haenszel): half the harmonic mean of both sizes."""
        return self.canary.requests * (1.0 - self.share)


def add_counts(one: Mapping[int, int], other: Mapping[int, int]) -> Mapping[int, int]:
    """The sum of two sparse histograms; neither is changed."""
    if not one or not other:
        return one or other
    total = dict(one)
    for bin_, number in other.items():
        total[bin_] = total.get(bin_, 0) + number
    return total


def quantile_ms(latency: Mapping[int, int], quantile: float) -> float | None:
    """The quantile (0..1) of a histogram in milliseconds, within the width of a bin; None for an empty one."""
    wanted = quantile * sum(latency.values())
    reached = 0
    for bin_ in sorted(latency):
        number = latency[bin_]
        if number and reached + number >= wanted:
            low, high = _edges(bin_)
            return low * (high / low) ** max(0.0, (wanted - reached) / number)
        reached += number
    return None


def _edges(bin_: int) -> tuple[float, float]:
    first, last = LATENCY_EDGES_MS[0], LATENCY_EDGES_MS[-1]
    low = LATENCY_EDGES_MS[bin_ - 1] if bin_ > 0 else first / LATENCY_STEP
    return low, LATENCY_EDGES_MS[bin_] if bin_ < len(LATENCY_EDGES_MS) else last
