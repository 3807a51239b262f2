"""Random traffic of two versions with known truth, second by second, and the limit no test can pass on it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from random import Random

from portal.domain.verdict import LATENCY_EDGES_MS, Tally

POOL = 4096


@dataclass(frozen=True, slots=True)
class Second:
    """What holds for one second: requests expected in all, the canary's share, error rates, and a common factor of
    latency."""

    requests: float
    share: float
    stable_rate: float = 0.0
    canary_rate: float = 0.0
    slowness: float = 1.0


Course = Callable[[int, Random], Second]


def steady(second: Second) -> Course:
    return lambda _at, _random: second


def outages(second: Second) -> Course:
    """Both versions fail at 40 % in five seconds of thirty."""
    bad = replace(second, stable_rate=0.4, canary_rate=0.4)
    return lambda at, _random: bad if at % 30 >= 25 else second


def surges(second: Second) -> Course:
    """One second in ten has five times the traffic and ten times the errors."""

    def course(_at: int, random: Random) -> Second:
        if random.random() >= 0.1:
            return second
        return replace(
            second,
            requests=5.0 * second.requests,
            stable_rate=10.0 * second.stable_rate,
            canary_rate=10.0 * second.canary_rate,
        )

    return course


def stepped(second: Second) -> Course:
    """The share goes 5, 25, 50 % while the error rate of both rises sixfold: pooled over time the canary looks bad."""

    def course(at: int, _random: Random) -> Second:
        step = min(2, at // 40)
        rate = second.stable_rate * (0.5, 1.0, 3.0)[step]
        return replace(second, share=(0.05, 0.25, 0.5)[step], stable_rate=rate, canary_rate=rate)

    return course


def restless(second: Second) -> Course:
    """Latency of both wanders, and doubles for one second in twenty."""

    def course(at: int, random: Random) -> Second:
        drift = 1.0 + 0.5 * math.sin(at / 9.0)
        return replace(second, slowness=drift * (2.0 if random.random() < 0.05 else 1.0))

    return course


@cache
def _poisson_pool(mean: float, seed: int) -> tuple[int, ...]:
    random = Random(seed)
    return tuple(_poisson(mean, random) for _ in range(POOL))


def _poisson(mean: float, random: Random) -> int:
    if mean > 1000.0:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    count, time = -1, 0.0
    while time < mean:
        time += random.expovariate(1.0)
        count += 1
    return count


@cache
def _binomial_steps(number: int, rate: float) -> tuple[float, ...]:
    """The cumulative distribution, as far as any draw will reach."""
    highest = min(number, int(number * rate + 12.0 * math.sqrt(number * rate) + 24.0))
    log_odds, log_none = math.log(rate) - math.log1p(-rate), number * math.log1p(-rate)
    choices = (math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1) for k in range(highest))
    return tuple(accumulate(math.exp(log + k * log_odds + log_none) for k, log in enumerate(choices)))


def _binomial(number: int, rate: float, random: Random) -> int:
    return bisect_right(_binomial_steps(number, rate), random.random()) if number and rate else 0


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of server times, given by its cumulative distribution function of milliseconds."""

    name: str
    cdf: Callable[[float], float]

    def bins(self, factor: float = 1.0) -> list[float]:
        """The probability of every bin when all times are multiplied by `factor`."""
        edges = [self.cdf(edge / factor) for edge in LATENCY_EDGES_MS]
        return [high - low for low, high in zip([0.0, *edges], [*edges, 1.0], strict=True)]


def log_normal(sigma: float, median_ms: float = 30.0) -> Latency:
    def cdf(ms: float) -> float:
        return 0.5 * math.erfc(-math.log(ms / median_ms) / (sigma * math.sqrt(2.0)))

    return Latency(f"log-normal, sigma {sigma}", cdf)


def heavy_tailed(scale: float, median_ms: float = 30.0) -> Latency:
    """The logarithm follows Student's t with 2 degrees of freedom: no mean, one request in 300 at 30 times."""

    def cdf(ms: float) -> float:
        t = math.log(ms / median_ms) / scale
        return 0.5 * (1.0 + t / math.sqrt(2.0 + t * t))

    return Latency(f"log-Student t2, scale {scale}", cdf)


@cache
def _latency_pool(latency: Latency, factor: float, seed: int) -> tuple[int, ...]:
    weights = latency.bins(factor)
    return tuple(Random(seed).choices(range(len(weights)), weights, k=65536))


@dataclass(frozen=True, slots=True)
class Stream:
    """Traffic of a stable version and a canary that is slower by `ratio`; without `latency` only errors are drawn."""

    course: Course
    latency: Latency | None = None
    ratio: float = 1.0

    def seconds(self, length: int, random: Random) -> Iterator[tuple[Tally, Tally]]:
        """(stable, canary) for each second."""
        for at in range(length):
            now = self.course(at, random)
            canary = random.choice(_poisson_pool(now.requests * now.share, 1))
            stable = random.choice(_poisson_pool(now.requests * (1.0 - now.share), 2))
            yield (
                self._tally(stable, (now.stable_rate, round(now.slowness, 1)), random),
                self._tally(canary, (now.canary_rate, self.ratio * round(now.slowness, 1)), random),
            )

    def _tally(self, number: int, truth: tuple[float, float], random: Random) -> Tally:
        rate, factor = truth
        errors = _binomial(number, rate, random)
        if self.latency is None:
            return Tally(number, errors)
        times = random.choices(_latency_pool(self.latency, factor, 3), k=number - errors)
        return Tally(number, errors, Counter(times))


def error_limit(stable_rate: float, canary_rate: float, *, share: float, alpha: float) -> int:
    """Canary requests that the best sequential test needs on average, when it knows both rates and sees the stable
    traffic of the same time: log(1/alpha) / (KL per canary request), KL taken to the nearest pair of equal rates.
    Rounded up: a test decides after a request, never between two."""
    return latency_limit((stable_rate, 1.0 - stable_rate), (canary_rate, 1.0 - canary_rate), share=share, alpha=alpha)


def latency_limit(
    stable: tuple[float, ...] | list[float], canary: tuple[float, ...] | list[float], *, share: float, alpha: float
) -> int:
    """The same limit for two distributions over bins."""
    both = [share * c + (1.0 - share) * s for s, c in zip(stable, canary, strict=True)]
    return math.ceil(math.log(1.0 / alpha) / (_kl(canary, both) + (1.0 - share) / share * _kl(stable, both)))


def _kl(one: tuple[float, ...] | list[float], other: tuple[float, ...] | list[float]) -> float:
    return sum(p * math.log(p / q) for p, q in zip(one, other, strict=True) if p > 0.0)
