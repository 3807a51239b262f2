"""The four measures of delivery as figures with what they are made of."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.dora import Dora
from portal.web.presenters.marks import duration_words, percent_text
from portal.web.words import Words, same, words


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is a dash where there is nothing to make it of; `note` says what it is made of."""

    code: str
    value: Words
    note: Words


DASH = same("\N{EN DASH}")


def figures(dora: Dora) -> list[Figure]:
    """Frequency, lead time, failure rate, time to restore."""
    rate = DASH if dora.failure_rate is None else same(percent_text(dora.failure_rate))
    return [
        Figure("frequency", _frequency(dora), _note("frequency", dora.deployments)),
        Figure("lead", _time(dora.lead_seconds), _note("lead", dora.deployments)),
        Figure("failures", rate, _note("failures", dora.changes, failed=dora.failures)),
        Figure("restore", _time(dora.restore_seconds), _note("restore", dora.restored)),
    ]


def _note(name: str, made_of: int, **given: object) -> Words:
    """What it is made of, or that there was nothing."""
    return words(f"dora.{name}_note", n=made_of, **given) if made_of else words(f"dora.{name}_none")


def _frequency(dora: Dora) -> Words:
    if dora.per_day is None:
        return DASH
    if dora.per_day >= 1:
        return words("dora.per_day", n=f"{dora.per_day:.1f}")
    return words("dora.per_week", n=f"{7 * dora.per_day:.1f}")


def _time(seconds: float | None) -> Words:
    return DASH if seconds is None else duration_words(seconds if seconds >= 10 else round(seconds, 1))
