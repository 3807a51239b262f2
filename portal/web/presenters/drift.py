"""What differs, and how each environment stands, as lines and cards."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.drift import ABSENT_VALUE, Finding, Look, Severity, words_of
from portal.services.drift import EnvironmentDrift, FindingView
from portal.web.presenters.marks import BAD, IDLE, OK, WARN, Badge, environment_words, epoch
from portal.web.words import Words, has_words, same, words

_TONES = {
    Severity.HIGH: (BAD, "octagon-alert"),
    Severity.MEDIUM: (WARN, "triangle-alert"),
    Severity.LOW: (IDLE, "circle"),
}


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One finding. `key` names it in a question; `state` says how it stands where it is not open."""

    key: str
    text: Words
    name: str
    href: str
    service: str
    environment: Words
    desired: Words
    actual: Words
    badge: Badge
    origin: Words
    state: Words
    since: float
    can_repair: bool
    can_adopt: bool
    can_ignore: bool


@dataclass(frozen=True, slots=True)
class DriftCard:
    """One environment."""

    name: str
    label: Words
    percent: str
    badge: Badge
    more: Words
    healing: Words
    mode: str
    ill: int
    looked_at: float
    can_set: bool


def drift_line(view: FindingView) -> DriftLine:
    found = view.finding
    key, params = words_of(found)
    tone, icon = _TONES[found.severity]
    is_container = found.place.subject == "container" and found.desired + found.actual != ""
    return DriftLine(
        key=str(found.id),
        text=words(key, **{**params, "actual": _value(found.actual), "desired": _value(found.desired)}),
        name=found.place.name,
        href=f"/containers/{found.place.name}" if is_container and found.field != "presence" else "",
        service=found.place.service,
        environment=environment_words(found.place.environment) if found.place.environment else words("drift.portal"),
        desired=_value(found.desired),
        actual=_value(found.actual),
        badge=Badge(tone, icon, words(f"drift.severity.{found.severity}")),
        origin=words(f"drift.origin.{found.origin}"),
        state=_state(found, view),
        since=epoch(found.ended_at or found.first_seen),
        can_repair=view.can_repair,
        can_adopt=view.can_adopt,
        can_ignore=view.can_ignore,
    )


def _value(text: str) -> Words:
    """A digest is shown by its beginning, nothing as a word."""
    if text == ABSENT_VALUE:
        return words("drift.value.nothing")
    if text.startswith("sha256:"):
        return same(text[7:19])
    key = f"drift.value.{text}"
    return words(key) if text.isalpha() and has_words(key) else same(text)


def _state(found: Finding, view: FindingView) -> Words:
    if found.look is Look.ENDED and found.ending is not None:
        return words(f"drift.ending.{found.ending}", who=found.ended_by or "-")
    if view.rule is not None:
        return words("drift.ignored", reason=view.rule.reason, until=view.rule.expires_at.date().isoformat())
    return Words()


def drift_card(shown: EnvironmentDrift) -> DriftCard:
    score = shown.score
    tone, icon = _TONES[score.worst] if score.worst else (OK, "check")
    text = words("drift.differing", n=score.differing) if score.differing else words("drift.right")
    return DriftCard(
        name=shown.environment,
        label=environment_words(shown.environment),
        percent=f"{score.percent:g} %",
        badge=Badge(tone, icon, text),
        more=words("drift.of_points", n=score.points, ignored=score.ignored),
        healing=words(f"drift.healing.{shown.mode}"),
        mode=shown.mode,
        ill=shown.ill,
        looked_at=epoch(shown.looked_at),
        can_set=shown.can_set,
    )
