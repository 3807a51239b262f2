"""The two charts of a rollout: error rate and latency of both versions over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.plan import StepKind
from portal.domain.rollout_view import SamplePoint, StepView

ROLLING_SECONDS = 10
_Z = 1.96  # the normal quantile of 97.5 %


@dataclass(frozen=True, slots=True)
class Mark:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class ChartView:
    """Times in seconds since the epoch; a value that does not exist is None. `unit` is percent (0 to 1) or ms.

    `low` and `high` are the bounds between which the canary's true rate lies with 95 % confidence.
    The axis reaches at least up to `least`, so that noise near zero does not look like a mountain.
    """

    at: tuple[int, ...] = ()
    stable: tuple[float | None, ...] = ()
    canary: tuple[float | None, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    marks: tuple[Mark, ...] = ()
    tolerance: float | None = None
    unit: str = "percent"
    least: float = 0.01


def error_chart(points: Sequence[SamplePoint], marks: tuple[Mark, ...], *, tolerance: float | None) -> ChartView:
    """`tolerance` is the difference that is allowed: it is drawn above the stable version's own rate so far."""
    requests = sum(p.stable_requests for p in points)
    base = sum(p.stable_errors for p in points) / requests if requests else 0.0
    limit = None if tolerance is None else min(1.0, base + tolerance)
    width = window(points)
    canary = [(p.canary_errors, p.canary_requests) for p in points]
    bounds = [_wilson(*pair) for pair in _recent(canary, width)]
    return ChartView(
        at=tuple(p.at for p in points),
        stable=_rolling([(p.stable_errors, p.stable_requests) for p in points], width),
        canary=_rolling(canary, width),
        low=tuple(low for low, _ in bounds),
        high=tuple(high for _, high in bounds),
        marks=marks,
        tolerance=None if limit is None else round(limit, 5),
        least=0.01 if limit is None else round(limit * 1.2, 5),
    )


def latency_chart(points: Sequence[SamplePoint], marks: tuple[Mark, ...]) -> ChartView:
    return ChartView(
        at=tuple(p.at for p in points),
        stable=tuple(_short(p.stable_p95_ms) for p in points),
        canary=tuple(_short(p.canary_p95_ms) for p in points),
        marks=marks,
        unit="ms",
        least=10.0,
    )


def shift_marks(views: Sequence[StepView]) -> tuple[Mark, ...]:
    """When the traffic was shifted, and to how many per cent."""
    return tuple(
        Mark(view.started_at.timestamp(), f"{view.step.percent}\N{NARROW NO-BREAK SPACE}%")
        for view in views
        if view.step.kind is StepKind.SHIFT and view.started_at is not None
    )


def window(points: Sequence[SamplePoint]) -> int:
    """Over how many points an error rate is taken: at least ten seconds, for one failed request of five is no news."""
    return max(1, -(-ROLLING_SECONDS // points[0].seconds)) if points else 1


def _rolling(counts: Sequence[tuple[int, int]], width: int) -> tuple[float | None, ...]:
    """Errors among the requests of the last `width` points; None where the last of them had no request."""
    return tuple(round(errors / requests, 5) if requests else None for errors, requests in _recent(counts, width))


def _recent(counts: Sequence[tuple[int, int]], width: int) -> list[tuple[int, int]]:
    """Errors and requests of the last `width` points; nothing where the last of them had no request."""
    found: list[tuple[int, int]] = []
    for index, (_, requests) in enumerate(counts):
        recent = counts[max(0, index + 1 - width) : index + 1] if requests else ()
        found.append((sum(e for e, _ in recent), sum(n for _, n in recent)))
    return found


def _wilson(errors: int, requests: int) -> tuple[float | None, float | None]:
    """Wilson's interval of a proportion at 95 % (Wilson 1927): it stays within 0 to 1 and holds for few requests."""
    if not requests:
        return None, None
    rate, square = errors / requests, _Z * _Z
    middle = (rate + square / (2 * requests)) / (1 + square / requests)
    half = _Z / (1 + square / requests) * math.sqrt(rate * (1 - rate) / requests + square / (4 * requests * requests))
    return round(max(0.0, middle - half), 5), round(min(1.0, middle + half), 5)


def _short(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 2)
