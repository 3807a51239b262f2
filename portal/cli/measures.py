"""`codex-portal measures`: the four measures of delivery."""

from __future__ import annotations

from portal.cli.commands import RemoteCommand, option
from portal.cli.remote import portal
from portal.cli.tables import show_one

FIELDS = (
    "days",
    "deployments",
    "per_day",
    "lead_seconds",
    "changes",
    "failures",
    "failure_rate",
    "restore_seconds",
)


def _measures(period_days: int, **query: str) -> None:
    show_one(portal().get("/measures/delivery", days=period_days, **query), FIELDS)


measures = RemoteCommand("measures", callback=_measures)
for _add in (
    option("--service", "-s", default=""),
    option("--environment", "-e", default=""),
    option("--days", "period_days", type=int, default=30),
):
    _add(measures)
