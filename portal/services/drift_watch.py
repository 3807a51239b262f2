"""Compares what there is with what is wanted, and keeps one row for each thing that differs, as long as it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from portal.domain.access import SYSTEM
from portal.domain.audit import AuditEntry
from portal.domain.container import LABEL_ENVIRONMENT, LABEL_SERVICE
from portal.domain.drift import Ending, Finding, Origin, Place, Point, Subject
from portal.domain.drift_points import engine_point, origin_of, points, presence
from portal.domain.route import route_key
from portal.kit.topics import Topics
from portal.services.audit import Audit
from portal.services.sights import Sight, Wanted
from portal.store import drift as store
from portal.store import healing
from portal.store.database import Database

SEEN_AGAIN = timedelta(seconds=30)
TOPIC = "drift"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared of one thing."""

    place: Place
    points: tuple[Point, ...]
    origin: Origin = Origin.BY_HAND

    @property
    def differing(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if not point.is_same)


@dataclass(frozen=True, slots=True)
class Compared:
    """By the name of the container, and the rest. Only what stands in `comparisons` was looked at."""

    containers: Mapping[str, Comparison] = field(default_factory=dict[str, Comparison])
    others: tuple[Comparison, ...] = ()

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        return (*self.containers.values(), *self.others)

    def is_foreign(self, name: str) -> bool:
        """Whether the container has another image than it should, not of its own making."""
        found = self.containers.get(name)
        return found is not None and any(p.field == "image" for p in found.differing) and _is_by_hand(found)

    def changes(self, name: str) -> tuple[Point, ...]:
        """What somebody has changed about a container that is there and runs."""
        found = self.containers.get(name)
        is_changed = found is not None and _is_by_hand(found)
        return tuple(p for p in found.differing if p.field not in ("state", "presence")) if found and is_changed else ()


def _is_by_hand(found: Comparison) -> bool:
    return found.origin is Origin.BY_HAND


def compared(sight: Sight) -> Compared:
    containers = {each.replica.name: _container(each, sight) for each in sight.wanted}
    strangers = (_stranger(details.container.name, details.container.labels) for details in sight.strangers)
    return Compared(containers, (*strangers, *_proxy(sight), *_engine(sight)))


def _container(each: Wanted, sight: Sight) -> Comparison:
    place = Place(Subject.CONTAINER, each.replica.name, each.replica.environment, each.replica.service)
    found = sight.found.get(each.replica.name)
    if found is None:
        return Comparison(place, () if each.is_held else (presence(each.replica.name, is_wanted=True),))
    origin = origin_of(each.spec, found)
    # What a variable was before may have been a secret that is none any more.
    plain = each.plain if origin is Origin.BY_HAND else frozenset[str]()
    seen = points(each.spec, found, image=sight.images.get(each.spec.image), plain=plain)
    return Comparison(place, tuple(p for p in seen if not (each.is_held and p.field == "state")), origin)


def _stranger(name: str, labels: Mapping[str, str]) -> Comparison:
    place = Place(Subject.CONTAINER, name, labels.get(LABEL_ENVIRONMENT, ""), labels.get(LABEL_SERVICE, ""))
    return Comparison(place, (presence(name, is_wanted=False),))


def _proxy(sight: Sight) -> list[Comparison]:
    """A route as a whole counts as one thing that was compared; what differs of it is told one by one."""
    routes = {route.key: (route.environment, route.service) for route in sight.table.routes}
    found = [
        Comparison(
            Place(Subject.PROXY, each.name, *routes.get(each.route, ("", ""))),
            (Point(each.field, each.desired, each.actual),),
        )
        for each in sight.deviations
    ]
    right = (key for key in routes if key in sight.settled and all(d.route != key for d in sight.deviations))
    return found + [
        Comparison(Place(Subject.PROXY, key, *routes[key]), (Point("route", "", "", is_same=True),)) for key in right
    ]


def _engine(sight: Sight) -> list[Comparison]:
    if sight.engine is None:
        return []
    point = engine_point(sight.engine.name, sight.engine.version)
    return [Comparison(Place(Subject.ENGINE, sight.engine.name), (point,))]


class DriftWatch:
    def __init__(self, database: Database, audit: Audit, topics: Topics) -> None:
        self._database, self._audit, self._topics = database, audit, topics
        self._told: dict[str, int] = {}

    def note(self, sight: Sight, seen: Compared) -> None:
        """Bring the table up to date; written only where something is new, or half a minute has passed."""
        with self._database.reading() as session:
            known = store.open_findings(session)
        found = _findings(sight, seen)
        fresh = [finding for key, finding in found.items() if key not in known]
        again = [_again(known[key], finding) for key, finding in found.items() if key in known]
        changed = [finding for finding in again if finding is not None]
        over = [finding for key, finding in known.items() if key not in found and _is_over(finding, sight, seen)]
        counts = _counts(sight, seen)
        if not (fresh or changed or over or counts != self._told):
            return
        self._write(sight, fresh, changed, over=over, counts=counts)
        self._told = counts
        self._topics.publish(TOPIC)

    def _write(
        self, sight: Sight, fresh: list[Finding], changed: list[Finding], *, over: list[Finding], counts: dict[str, int]
    ) -> None:
        with self._database.transaction() as session:
            there = store.open_findings(session)
            for finding in fresh:
                if store.key_of(finding.place, finding.field) not in there:
                    store.add(session, finding)
            for finding in changed:
                store.see_again(session, finding)
            cured = {name for name, case in healing.cases(session).items() if case.attempts}
            for environment, points in counts.items():
                store.put_look(session, environment, points=points, at=sight.at)
            ended = [finding for finding in over if self._end(session, finding, sight.at, cured)]
            for finding in ended:
                if finding.place.subject is Subject.PROXY:
                    self._audit.record(session, _healed(finding, sight.at))

    def _end(self, session: Session, finding: Finding, now: datetime, cured: set[str]) -> bool:
        is_ours = finding.place.subject is Subject.PROXY or finding.place.name in cured
        ending = Ending.HEALED if is_ours else Ending.GONE
        return store.end(session, finding.id, ending, by=SYSTEM.name if is_ours else "", at=now)


def _healed(finding: Finding, now: datetime) -> AuditEntry:
    seconds = max(0.0, (now - finding.first_seen).total_seconds())
    params = {"field": finding.field, "service": finding.place.service, "seconds": f"{seconds:.1f}"}
    return AuditEntry(
        SYSTEM.name,
        SYSTEM.kind,
        "proxy.healed",
        "proxy",
        finding.place.name,
        environment=finding.place.environment,
        params={name: value for name, value in params.items() if value},
    )


def _findings(sight: Sight, seen: Compared) -> dict[str, Finding]:
    return {
        store.key_of(each.place, point.field): Finding(
            id=0,
            place=each.place,
            field=point.field,
            desired=point.desired,
            actual=point.actual,
            origin=each.origin,
            first_seen=sight.at,
            last_seen=sight.at,
        )
        for each in seen.comparisons
        for point in each.differing
    }


def _again(known: Finding, now: Finding) -> Finding | None:
    """The known one with the values of now; None if there is nothing to write."""
    after = replace(
        known, desired=now.desired, actual=now.actual, origin=now.origin, last_seen=now.last_seen, rule=None
    )
    is_same = replace(after, last_seen=known.last_seen) == known
    return None if is_same and now.last_seen - known.last_seen < SEEN_AGAIN else after


def _is_over(finding: Finding, sight: Sight, seen: Compared) -> bool:
    """Not while somebody works on it: then it is looked at again later."""
    place = finding.place
    if place.subject is Subject.ENGINE:
        return sight.engine is not None
    if place.subject is Subject.PROXY:
        return True
    if place.name in seen.containers:
        return True
    is_settled = route_key(place.service, place.environment) in sight.settled
    return place.name not in sight.names and (is_settled or place.name not in sight.found)


def _counts(sight: Sight, seen: Compared) -> dict[str, int]:
    """How much was compared in each environment. One that something works on keeps what was counted before."""
    counts: dict[str, int] = {}
    for each in seen.comparisons:
        if each.place.environment:
            counts[each.place.environment] = counts.get(each.place.environment, 0) + len(each.points)
    return counts
