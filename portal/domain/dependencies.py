"""Which service calls which: no unknown ones, no circles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.domain.errors import Invalid
from portal.domain.service import Service


def check_dependencies(changed: Service, others: Sequence[Service]) -> None:
    """Invalid("dependency_unknown") for a service that there is not, Invalid("dependency_circle", path=…) for a way
    back to the changed one.
    """
    calls = {service.name: service.dependencies for service in others} | {changed.name: changed.dependencies}
    unknown = next((name for name in changed.dependencies if name not in calls), None)
    if unknown is not None:
        raise Invalid("dependency_unknown", field="dependencies", service=unknown[:60])
    way = _way_back(changed.name, calls)
    if way:
        raise Invalid("dependency_circle", field="dependencies", path=" → ".join(way))


def _way_back(start: str, calls: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A way from the service to itself, if there is one."""
    before: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for name in calls.get(here, ()):
            if name == start:
                return _traced(here, before, start)
            if name not in before:
                before[name] = here
                waiting.append(name)
    return ()


def _traced(last: str, before: Mapping[str, str], start: str) -> tuple[str, ...]:
    way = [last]
    while way[-1] != start:
        way.append(before[way[-1]])
    return (*reversed(way), start)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A service that is called, or that calls, directly (`distance` 1) or by way of others."""

    name: str
    distance: int
    via: tuple[str, ...] = ()


def called_by(name: str, services: Sequence[Service]) -> tuple[Neighbour, ...]:
    """What the service needs, the nearest first."""
    return _reached(name, {service.name: service.dependencies for service in services})


def callers_of(name: str, services: Sequence[Service]) -> tuple[Neighbour, ...]:
    """What needs the service, the nearest first."""
    callers: dict[str, list[str]] = {}
    for service in services:
        for called in service.dependencies:
            callers.setdefault(called, []).append(service.name)
    return _reached(name, callers)


def _reached(start: str, edges: Mapping[str, Sequence[str]]) -> tuple[Neighbour, ...]:
    distance, via = {start: 0}, dict[str, set[str]]()
    wave = [start]
    while wave:
        following: list[str] = []
        for here in wave:
            for name in edges.get(here, ()):
                if name not in distance:
                    distance[name] = distance[here] + 1
                    following.append(name)
                if distance[name] == distance[here] + 1:
                    via.setdefault(name, set()).add(here)
        wave = following
    del distance[start]
    ordered = sorted(distance.items(), key=lambda item: (item[1], item[0]))
    return tuple(Neighbour(name, far, tuple(sorted(via[name]))) for name, far in ordered)
