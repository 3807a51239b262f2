"""The verdict as a picture: the sentence first, then the intervals, then how strong the evidence is."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from portal.domain.rollout import Rollout
from portal.domain.verdict import Measure, Outcome, Verdict
from portal.web.presenters.marks import BAD, OK, WAIT, percent_text
from portal.web.words import Words, same, words

_WIDTH, _EDGE = 240.0, 8.0
_FAR = 100
_HYPHEN = re.compile(r"^-(?=\d)")


@dataclass(frozen=True, slots=True)
class Interval:
    """One comparison. The positions are x coordinates of a picture 240 wide."""

    name: Words
    value: str
    bounds: Words
    tone: str
    low_x: str
    width: str
    estimate_x: str
    zero_x: str
    tolerance_x: str
    evidence: str
    evidence_percent: float


@dataclass(frozen=True, slots=True)
class VerdictCard:
    tone: str = "none"
    icon: str = "clock"
    title: Words = Words()
    text: Words = Words()
    intervals: tuple[Interval, ...] = ()
    limit: str = ""


_LOOKS = {
    Outcome.PASS: (OK, "check"),
    Outcome.FAIL: (BAD, "x"),
    Outcome.INCONCLUSIVE: (WAIT, "clock"),
}


def verdict_card(verdict: Verdict | None, rollout: Rollout) -> VerdictCard:
    alpha = rollout.analysis.alpha
    if rollout.is_first or rollout.is_return:
        return VerdictCard(title=words("verdict.off"), text=words("verdict.no_peer"))
    if not rollout.analysis.is_enabled:
        return VerdictCard(title=words("verdict.off"), text=words("verdict.off_more"))
    if verdict is None:
        return VerdictCard(title=words("verdict.nothing_yet"), text=words("verdict.nothing_yet_more"))
    tone, icon = _LOOKS[verdict.outcome]
    return VerdictCard(
        tone=tone,
        icon=icon,
        title=words(f"outcome.{verdict.outcome}"),
        text=words(
            "outcome.seen",
            sentence=words(f"verdict.{verdict.reason}", **_signed(verdict.params)),
            canary=f"{verdict.canary_requests:,}",
            alpha=percent_text(alpha),
        ),
        intervals=tuple(_interval(measure, alpha) for measure in verdict.measures),
        limit=f"{1 / alpha:,.0f}",
    )


def _interval(measure: Measure, alpha: float) -> Interval:
    is_ratio = measure.unit == "ratio"
    zero = 1.0 if is_ratio else 0.0
    scale = _Scale.of(measure, zero)
    low, high = scale.x(measure.low), scale.x(measure.high)
    limit = math.log(1 / alpha)
    strength = 100 * math.log(max(1.0, measure.e_value)) / limit
    return Interval(
        name=words(f"measure.{measure.name}"),
        value=_value(measure.estimate, is_ratio=is_ratio),
        bounds=_bounds(measure, is_ratio=is_ratio),
        tone=_LOOKS[measure.outcome][0],
        low_x=f"{low:g}",
        width=f"{max(2.0, high - low):.1f}",
        estimate_x=f"{scale.x(measure.estimate):g}",
        zero_x=f"{scale.x(zero):g}",
        tolerance_x=f"{scale.x(measure.tolerance):g}",
        evidence=f"{measure.e_value:,.1f}" if measure.e_value < 100 else f"{min(measure.e_value, 1e6):,.0f}",
        evidence_percent=round(min(100.0, strength), 1),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """No difference at two fifths of the width; the tolerance at four fifths, or nearer where harm is far beyond it."""

    zero: float
    reach: float

    @classmethod
    def of(cls, measure: Measure, zero: float) -> _Scale:
        usual = 1.5 * (measure.tolerance - zero) or 0.015
        harm = min(measure.high - zero, 3 * (measure.estimate - zero))
        return cls(zero, harm if math.isfinite(harm) and measure.estimate > zero + usual else usual)

    def x(self, value: float) -> float:
        """What lies outside is at the edge."""
        share = 0.4 + 0.6 * (value - self.zero) / self.reach
        bounded = min(1.0, max(0.0, share)) if math.isfinite(share) else (1.0 if share > 0 else 0.0)
        return round(_EDGE + (_WIDTH - 2 * _EDGE) * bounded, 1)


def _value(number: float, *, is_ratio: bool) -> str:
    if not math.isfinite(number):
        return "\N{EN DASH}"
    return _ratio(number) if is_ratio else percent_text(number, is_signed=True)


def _ratio(number: float) -> str:
    """Two digits; beyond a factor of a hundred only on which side."""
    rough = f"> {_FAR}" if number > _FAR else f"< {1 / _FAR:g}"
    return f"{rough if number > _FAR or number < 1 / _FAR else f'{number:.2f}'} \N{MULTIPLICATION SIGN}"


def _bounds(measure: Measure, *, is_ratio: bool) -> Words:
    if not (math.isfinite(measure.low) and math.isfinite(measure.high)):
        return words("measure.unknown")
    low, high = _value(measure.low, is_ratio=is_ratio), _value(measure.high, is_ratio=is_ratio)
    return same(f"{low} \N{HORIZONTAL ELLIPSIS} {high}")


def _signed(params: Mapping[str, object]) -> dict[str, object]:
    """Negative numbers with a minus sign instead of a hyphen."""
    return {
        name: _HYPHEN.sub("\N{MINUS SIGN}", value) if isinstance(value, str) else value
        for name, value in params.items()
    }
