"""What is found when a machine is looked at: whether it can do the work, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Grade(StrEnum):
    """SKIPPED: it does not matter here, or cannot be seen; never a reason to worry."""

    PASS = "pass"
    SKIPPED = "skipped"
    WARN = "warn"
    FAIL = "fail"


class Group(StrEnum):
    """What a check is about, in the order in which they are shown."""

    TOOLS = "tools"
    MACHINE = "machine"
    NETWORK = "network"
    SECRETS = "secrets"
    ENGINE = "engine"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code`: the sentence `doctor.<code>` says what was seen; `remedy`: `doctor.remedy.<remedy>` what a person can do.

    Both are filled in with `params`. `repair` names what can be done about it without asking; empty for nothing.
    """

    grade: Grade
    code: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    remedy: str = ""
    repair: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One check. `duration_ms`: how long the look took."""

    name: str
    group: Group
    finding: Finding
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Repair:
    """What was tried about one check: `doctor.repair.<code>` says it. `reason`: why it could not be done."""

    name: str
    code: str
    params: Mapping[str, str]
    is_done: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    results: tuple[Result, ...]
    repairs: tuple[Repair, ...] = ()

    @property
    def grade(self) -> Grade:
        """The worst of all; PASS if nothing was wrong."""
        return worst(result.finding.grade for result in self.results)

    def count(self, grade: Grade) -> int:
        return sum(result.finding.grade is grade for result in self.results)


def worst(grades: Iterable[Grade]) -> Grade:
    """FAIL before WARN before PASS; what was skipped counts as passed."""
    found = set(grades)
    return next((grade for grade in (Grade.FAIL, Grade.WARN) if grade in found), Grade.PASS)


def passed(code: str, **params: object) -> Finding:
    return Finding(Grade.PASS, code, _texts(params))


def skipped(code: str, **params: object) -> Finding:
    return Finding(Grade.SKIPPED, code, _texts(params))


def warned(code: str, *, remedy: str, repair: str = "", **params: object) -> Finding:
    return Finding(Grade.WARN, code, _texts(params), remedy, repair)


def failed(code: str, *, remedy: str, repair: str = "", **params: object) -> Finding:
    return Finding(Grade.FAIL, code, _texts(params), remedy, repair)


def _texts(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}
