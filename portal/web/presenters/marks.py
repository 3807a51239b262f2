"""How states, healths and outcomes look: a tone (colour), an icon (shape) and a word. One table for all pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.domain.environment import Stage
from portal.domain.rollout import PauseKind, Rollout, State
from portal.i18n.times import span
from portal.web.words import Words, same, words

OK, BAD, WARN, WAIT, RUN, IDLE = "ok", "bad", "warn", "wait", "run", "idle"


@dataclass(frozen=True, slots=True)
class Badge:
    """`tone` is one of ok, bad, warn, wait (a person's turn), run and idle; `icon` one of `components.status.ICONS`."""

    tone: str = IDLE
    icon: str = "circle"
    text: Words = Words()


@dataclass(frozen=True, slots=True)
class Option:
    """One of a list to choose from."""

    value: str
    label: Words


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A question before something is destroyed, answered by typing `name`; none is asked while that is empty."""

    name: str = ""
    title: Words = Words()
    consequence: Words = Words()
    button: Words = Words()


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong in a document, for the editor. `line` counts from 1; 0 if it concerns no line."""

    line: int
    text: Words


_STATES: dict[State, tuple[str, str]] = {
    State.QUEUED: (IDLE, "clock"),
    State.AWAITING_APPROVAL: (WAIT, "user-check"),
    State.PREPARING: (RUN, "loader"),
    State.GATING: (RUN, "loader"),
    State.SHIFTING: (RUN, "loader"),
    State.OBSERVING: (RUN, "eye"),
    State.PROMOTING: (RUN, "loader"),
    State.RETIRING: (RUN, "loader"),
    State.BAKING: (OK, "flame"),
    State.FINALISING: (RUN, "loader"),
    State.SUCCEEDED: (OK, "check"),
    State.PAUSED: (WARN, "pause"),
    State.HALTED: (BAD, "octagon-alert"),
    State.ROLLING_BACK: (BAD, "undo"),
    State.DRAINING: (BAD, "undo"),
    State.CLEANUP: (BAD, "undo"),
    State.ABORTED: (IDLE, "undo"),
    State.SUPERSEDED: (IDLE, "skip-forward"),
}
_HARMLESS_ENDS = frozenset({"aborted_by_hand", "rejected", "superseded", "approval_expired"})

_HEALTHS = {
    "ok": Badge(OK, "check", words("health.ok")),
    "degraded": Badge(WARN, "triangle-alert", words("health.degraded")),
    "failing": Badge(BAD, "x", words("health.failing")),
    "waiting": Badge(WAIT, "clock", words("health.waiting")),
    "none": Badge(IDLE, "circle", words("health.none")),
}


def rollout_badge(rollout: Rollout) -> Badge:
    """The state in words; one that ended because harm was seen is red."""
    tone, icon = _STATES[rollout.state]
    if rollout.state is State.ABORTED and _is_harmed(rollout):
        tone, icon = BAD, "shield-check"
    if rollout.state is State.PAUSED and rollout.pause is PauseKind.FREEZE:
        tone, icon = IDLE, "snowflake"
    return Badge(tone, icon, state_words(rollout))


def _is_harmed(rollout: Rollout) -> bool:
    return rollout.cause is not None and rollout.cause.code not in _HARMLESS_ENDS and not rollout.wish.is_abort


def state_words(rollout: Rollout) -> Words:
    if rollout.state is State.PAUSED and rollout.pause is not None:
        return words(f"pause.{rollout.pause}")
    if rollout.state is State.ABORTED and _is_harmed(rollout):
        return words("state.stopped")
    return words(f"state.{rollout.state}")


def health_badge(health: str) -> Badge:
    return _HEALTHS.get(health, _HEALTHS["none"])


def environment_words(name: str) -> Words:
    """The name; that of a standard stage in the reader's language, and "*" for all."""
    if name == "*":
        return words("environment.all")
    is_standard = name in tuple(Stage) and name != Stage.CUSTOM
    return words(f"stage.{name}") if is_standard else same(name)


def epoch(moment: datetime | None) -> float:
    """Seconds since 1970, as the browser needs them; 0 for never."""
    return moment.timestamp() if moment else 0.0


def percent_text(fraction: float, *, is_signed: bool = False) -> str:
    """0.0123 -> "1.2 %", with a thin space; two digits below a tenth of a per cent.

    With a sign it is a difference: none at all is "0.00 %", as precise as its neighbours, without a side.
    """
    value = fraction * 100
    digits = 2 if (is_signed or value) and abs(value) < 0.1 else 1
    has_side = is_signed and abs(value) >= 0.005
    text = f"{value:+.{digits}f}" if has_side else f"{abs(value) if is_signed else value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") + "\N{NARROW NO-BREAK SPACE}%"


def duration_words(seconds: float) -> Words:
    """Roughly: "2 min", "4 h", "1 h 30 min"; "0.2 s" below ten seconds."""
    return Words(span("en", seconds), span("zh", seconds))


def joined(parts: list[Words], separator: str = " ") -> Words:
    return Words(separator.join(p.en for p in parts), separator.join(p.zh for p in parts))
