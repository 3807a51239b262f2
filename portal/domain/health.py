"""How the portal itself is: the checks of its parts and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from portal.i18n import catalogue, t

# Without these nothing works; without any other part the rest still does.
VITAL = frozenset({"database", "file_system"})
DISABLED = "disabled"


class CheckStatus(StrEnum):
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


class HealthStatus(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Check:
    """One part at one time. `output` is for programs, in English; with a `code` people read the sentence of `key`
    instead, with `params` filled in. `duration_ms`: how long the check took.
    """

    status: CheckStatus
    output: str = ""
    duration_ms: float | None = None
    code: str = ""
    params: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def key(self) -> str:
        """Of the catalogue: `probe.<code>`, or `error.<code>` for what a part could not do; empty without a code."""
        if not self.code:
            return ""
        return f"error.{self.code}" if f"probe.{self.code}" not in catalogue("en") else f"probe.{self.code}"


def said(status: CheckStatus, code: str, /, **params: object) -> Check:
    """A check that people read in their own language."""
    given = {name: str(value) for name, value in params.items()}
    return Check(status, t("en", f"probe.{code}", **given), code=code, params=given)


@dataclass(frozen=True, slots=True)
class Health:
    """`checks` by component."""

    status: HealthStatus
    at: datetime
    uptime_seconds: float
    version: str
    checks: Mapping[str, Check]

    @property
    def is_ready(self) -> bool:
        """Whether requests should be sent here."""
        return all(self.checks[name].status is not CheckStatus.FAIL for name in VITAL if name in self.checks)


def overall(checks: Mapping[str, Check]) -> HealthStatus:
    """Unhealthy if a vital part fails, degraded if anything else is not as it should be."""
    bad = {name: check.status for name, check in checks.items() if check.status is not CheckStatus.PASS}
    if any(name in VITAL and status is CheckStatus.FAIL for name, status in bad.items()):
        return HealthStatus.UNHEALTHY
    return HealthStatus.DEGRADED if bad else HealthStatus.HEALTHY
