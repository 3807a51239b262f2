"""What is otherwise than it should be: findings, how bad they are, and the rules by which some are left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.errors import Invalid

ANY = "*"
ABSENT_VALUE = ""
MOST_DAYS = 365
SORTS = ("-severity", "severity", "-first_seen", "first_seen", "environment", "-environment", "service", "-service")


class Subject(StrEnum):
    """What the finding is about."""

    CONTAINER = "container"
    PROXY = "proxy"
    ENGINE = "engine"


class Severity(StrEnum):
    """Low: nobody notices. Medium: it behaves otherwise than it should. High: requests or safety are at stake."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def weight(self) -> int:
        return {"low": 1, "medium": 2, "high": 3}[self]


class Origin(StrEnum):
    """By hand: it was made right and has been changed since. Pending: what is wanted has changed since it was made."""

    BY_HAND = "by_hand"
    PENDING = "pending"


class Ending(StrEnum):
    """How a finding came to its end. Gone: it is as it should be again, whoever did it."""

    REPAIRED = "repaired"
    ADOPTED = "adopted"
    HEALED = "healed"
    GONE = "gone"


class Look(StrEnum):
    """Which findings a list shows."""

    OPEN = "open"
    IGNORED = "ignored"
    ENDED = "ended"


# By the first word of the field; a field that stands here in full comes before its first word.
_SEVERITIES = {
    "presence": Severity.HIGH,
    "state": Severity.HIGH,
    "image": Severity.HIGH,
    "network": Severity.HIGH,
    "address": Severity.HIGH,
    "ports": Severity.HIGH,
    "security": Severity.HIGH,
    "alive": Severity.HIGH,
    "share": Severity.HIGH,
    "restart_policy": Severity.LOW,
    "limits.log": Severity.LOW,
    "label": Severity.LOW,
}
_REPAIRABLE = frozenset({Subject.CONTAINER, Subject.PROXY})
_ADOPTABLE = frozenset({"limits.cpu", "limits.memory"})


def severity_of(field: str) -> Severity:
    """How bad it is if this field is otherwise."""
    return _SEVERITIES.get(field) or _SEVERITIES.get(field.partition(".")[0], Severity.MEDIUM)


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was compared. Values are for people's eyes: those that may be secret are left out of them.

    `field` is a word, or a word and a name after a point: `image`, `environment.LOG_LEVEL`, `limits.memory`.
    """

    field: str
    desired: str
    actual: str
    is_same: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where: the container, server or route, in the environment whose permissions count (empty: of the portal)."""

    subject: Subject
    name: str
    environment: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One field that is otherwise than it should be, from when it was first seen until it ends.

    `rule` is the number of the rule by which it is left alone at present.
    """

    id: int
    place: Place
    field: str
    desired: str
    actual: str
    origin: Origin
    first_seen: datetime
    last_seen: datetime
    ended_at: datetime | None = None
    ending: Ending | None = None
    ended_by: str = ""
    rule: int | None = None

    @property
    def severity(self) -> Severity:
        """A change that is only waiting to be brought in is never more than medium."""
        found = severity_of(self.field)
        return Severity.MEDIUM if self.origin is Origin.PENDING and found is Severity.HIGH else found

    @property
    def look(self) -> Look:
        if self.ended_at is not None:
            return Look.ENDED
        return Look.IGNORED if self.rule is not None else Look.OPEN

    @property
    def is_repairable(self) -> bool:
        return self.ended_at is None and self.place.subject in _REPAIRABLE

    @property
    def is_adoptable(self) -> bool:
        """Whether what is so can become what is wanted: bounds, and one container fewer."""
        is_container = self.ended_at is None and self.place.subject is Subject.CONTAINER
        is_document = self.field in _ADOPTABLE
        return is_container and (is_document or (self.field == "presence" and self.desired != ""))


NAMED = frozenset({"environment", "label", "mount", "map"})
"""Fields whose second part is a name, and not a word with a sentence of its own."""


def words_of(finding: Finding) -> tuple[str, dict[str, str]]:
    """The sentence of the catalogue that says what differs, and what fills it in."""
    kind, _, name = finding.field.partition(".")
    params = {"name": name, "container": finding.place.name, "desired": finding.desired, "actual": finding.actual}
    if finding.field == "presence":
        return f"drift.presence.{'missing' if finding.desired else 'unexpected'}", params
    return f"drift.field.{kind if kind in NAMED else finding.field}", params


@dataclass(frozen=True, slots=True)
class Rule:
    """Findings that are left alone until the rule runs out: by environment, service and field, each a name or *.

    A field stands for all that begin with it and a point: `limits` for `limits.memory` too.
    """

    id: int
    environment: str
    service: str
    field: str
    reason: str
    by: str
    at: datetime
    expires_at: datetime

    def fits(self, finding: Finding, now: datetime) -> bool:
        places = ((self.environment, finding.place.environment), (self.service, finding.place.service))
        if now >= self.expires_at or any(wanted not in (ANY, has) for wanted, has in places):
            return False
        return self.field in (ANY, finding.field) or finding.field.startswith(f"{self.field}.")


def rule_for(finding: Finding, rules: tuple[Rule, ...], now: datetime) -> Rule | None:
    """The first rule by which it is left alone."""
    return next((rule for rule in rules if rule.fits(finding, now)), None)


def expiry(days: int, now: datetime) -> datetime:
    """Invalid("rule_days_bad"): nothing is left alone for ever."""
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("rule_days_bad", field="days", limit=MOST_DAYS)
    return now + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class DriftQuery:
    """Which findings are wanted: each filter that is set must hold."""

    environment: str = ""
    service: str = ""
    severity: str = ""
    field: str = ""
    look: str = Look.OPEN
    text: str = ""
    sort: str = "-severity"
    offset: int = 0
    limit: int = 50

    def check(self) -> DriftQuery:
        """Invalid("sort_unknown")."""
        if self.sort not in SORTS:
            raise Invalid("sort_unknown", field="sort", value=self.sort[:40], expected=", ".join(SORTS))
        return self

    def fits(self, finding: Finding) -> bool:
        place = finding.place
        pairs = (
            (self.environment, place.environment),
            (self.service, place.service),
            (self.severity, finding.severity),
            (self.look, finding.look),
        )
        if any(wanted and wanted != has for wanted, has in pairs):
            return False
        if self.field and self.field != finding.field and not finding.field.startswith(f"{self.field}."):
            return False
        words = (place.name, place.service, place.environment, finding.field, finding.desired, finding.actual)
        return self.text.lower() in " ".join(words).lower()

    def order(self, findings: list[Finding]) -> list[Finding]:
        """The newest first among equals."""
        newest = sorted(findings, key=lambda each: each.first_seen, reverse=True)
        key = _ORDERS[self.sort.removeprefix("-")]
        return sorted(newest, key=key, reverse=self.sort.startswith("-"))


_ORDERS: dict[str, Callable[[Finding], tuple[float, str, str]]] = {
    "severity": lambda each: (each.severity.weight, "", ""),
    "first_seen": lambda each: (each.first_seen.timestamp(), "", ""),
    "environment": lambda each: (0.0, each.place.environment, each.place.service),
    "service": lambda each: (0.0, each.place.service, each.place.environment),
}
