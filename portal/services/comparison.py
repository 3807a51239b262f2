"""Compares any two releases of a service."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlmodel import Session

from portal.domain.access import Actor, Permission, demand, environments_with
from portal.domain.comparison import Comparison, Side, as_lines, line_diff
from portal.domain.release import Release
from portal.domain.service import Service, compare_url
from portal.ports.clock import Clock
from portal.services.plans import write_plan
from portal.store import catalogue, deployments, releases, rollouts
from portal.store.database import Database

_SETTINGS = (
    "repository",
    "port",
    "health_path",
    "metrics_path",
    "hosts",
    "path_prefix",
    "environment",
    "is_root_read_only",
    "is_shielded",
    "stop_grace_seconds",
)
MOST_BETWEEN = 100


@dataclass(frozen=True, slots=True)
class Comparisons:
    database: Database
    clock: Clock

    def compare(self, actor: Actor, service: str, *, old: str, new: str) -> Comparison:
        """NotFound("release_missing") if there is not one of the two versions."""
        demand(actor, Permission.VIEW)
        with self.database.reading() as session:
            found = catalogue.service(session, service)
            seen = environments_with(actor, Permission.VIEW)
            sides = [self._side(session, releases.get(session, service, version), seen) for version in (old, new)]
            between = _between(session, sides[0].release, sides[1].release)
        before, after = sides
        return Comparison(
            old=before,
            new=after,
            commits_url=compare_url(found, old=before.release.commit, new=after.release.commit),
            between=between,
            plan_diff=line_diff(before.plan, after.plan) if before.plan and after.plan else (),
            settings_diff=line_diff(before.settings, after.settings),
            notes_diff=line_diff(before.release.notes, after.release.notes),
        )

    def _side(self, session: Session, release: Release, seen: frozenset[str] | None) -> Side:
        last = rollouts.latest_of(session, release.service, release.version, environments=seen)
        at = last.created_at if last and last.created_at else self.clock.now()
        places = (d for d in deployments.every(session) if (d.service, d.version) == (release.service, release.version))
        return Side(
            release=release,
            places=tuple(d for d in places if seen is None or d.environment in seen),
            plan=write_plan(last.plan) if last else "",
            settings=_settings(session, release.service, at),
            rolled_out_at=last.created_at if last else None,
            rolled_out_to=last.environment if last else "",
        )


def _settings(session: Session, name: str, at: datetime) -> str:
    service: Service = catalogue.service_at(session, name, at) or catalogue.service(session, name)
    values: dict[str, Any] = {field: getattr(service, field) for field in _SETTINGS}
    values["limits"] = {field.name: getattr(service.limits, field.name) for field in fields(service.limits)}
    return as_lines(values)


def _between(session: Session, one: Release, other: Release) -> tuple[Release, ...]:
    first, last = sorted((one, other), key=lambda release: release.semver)
    return releases.made_between(session, first.service, (first, last), limit=MOST_BETWEEN)
