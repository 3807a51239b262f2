"""The points of a rollout's charts. What cannot change any more is read once, so that a look costs what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.domain.rollout import Rollout, TrafficSample
from portal.domain.rollout_view import SamplePoint
from portal.domain.verdict_tally import Tally, quantile_ms
from portal.store import samples
from portal.store.database import Database

SETTLED_SECONDS = 10
MOST_CHARTS = 16
READ_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Chart:
    """`points` are those of all seconds before `until`, from `start` on, each `width` seconds wide."""

    start: int
    width: int
    until: int
    points: tuple[SamplePoint, ...] = ()


class RolloutPoints:
    """Of the charts looked at last, sixteen at most. Two looks at once may both read; neither sees half of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._charts: dict[tuple[int, int], _Chart] = {}

    def points(self, rollout: Rollout, *, now: float, buckets: int) -> tuple[SamplePoint, ...]:
        """Both versions side by side, oldest first, at most `buckets` of equal width: 1, 2, 4 … seconds.

        A second is taken to be complete ten seconds later, or once the rollout is over.
        """
        first, last = _period(rollout, now)
        chart = self._chart(rollout, buckets, (first, last))
        if chart is None:
            return ()
        fresh = tuple(self._read(rollout, chart, last))
        edge = last + 1 if rollout.state.is_over else last - SETTLED_SECONDS
        settled = tuple(point for point in fresh if point.at + point.seconds <= edge)
        until = settled[-1].at + chart.width if settled else chart.until
        kept = _Chart(chart.start, chart.width, until, chart.points + settled)
        self._keep((rollout.id, buckets), kept)
        return chart.points + fresh

    def _chart(self, rollout: Rollout, buckets: int, period: tuple[int, int]) -> _Chart | None:
        """The one that is known, or an empty one if it has become too long for its width; None without any sample."""
        known = self._charts.get((rollout.id, buckets))
        start = known.start if known else self._first_second(rollout, period)
        if start is None:
            return None
        width = 1
        while width * buckets < period[1] - start + 1:
            width *= 2
        return known if known and known.width == width else _Chart(start, width, start)

    def _first_second(self, rollout: Rollout, period: tuple[int, int]) -> int | None:
        with self._database.reading() as session:
            return samples.first_second(session, _target(rollout), after=period[0], until=period[1])

    def _read(self, rollout: Rollout, chart: _Chart, last: int) -> Iterator[SamplePoint]:
        sides: dict[int, list[Tally]] = {}
        for begin in range(chart.until - 1, last, READ_SECONDS):
            for sample in self._between(rollout, begin, min(last, begin + READ_SECONDS)):
                pair = sides.setdefault((sample.second - chart.start) // chart.width, [Tally(), Tally()])
                pair[sample.slot is rollout.slot] += Tally(sample.requests, sample.errors, sample.latency)
        for number, pair in sorted(sides.items()):
            yield _point(chart.start + number * chart.width, chart.width, pair)

    def _between(self, rollout: Rollout, after: int, until: int) -> tuple[TrafficSample, ...]:
        with self._database.reading() as session:
            return samples.between(session, _target(rollout), after=after, until=until)

    def _keep(self, key: tuple[int, int], chart: _Chart) -> None:
        self._charts.pop(key, None)
        self._charts[key] = chart
        while len(self._charts) > MOST_CHARTS:
            self._charts.pop(next(iter(self._charts)), None)


def _target(rollout: Rollout) -> tuple[str, str]:
    return rollout.service, rollout.environment


def _period(rollout: Rollout, now: float) -> tuple[int, int]:
    start = int(rollout.created_at.timestamp()) - 1 if rollout.created_at else 0
    return start, int(rollout.ended_at.timestamp()) if rollout.ended_at else int(now)


def _point(at: int, width: int, pair: list[Tally]) -> SamplePoint:
    stable, canary = pair
    return SamplePoint(
        at=at,
        seconds=width,
        stable_requests=stable.requests,
        canary_requests=canary.requests,
        stable_errors=stable.errors,
        canary_errors=canary.errors,
        stable_p95_ms=quantile_ms(stable.latency, 0.95),
        canary_p95_ms=quantile_ms(canary.latency, 0.95),
    )
