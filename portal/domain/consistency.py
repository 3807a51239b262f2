"""How far things are as they should be, as a share with its reasons: within an environment and between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.domain.container import ContainerSpec
from portal.domain.drift import Finding, Look, Severity


@dataclass(frozen=True, slots=True)
class Score:
    """`percent` is 100 where nothing was compared; `points` is how much was, `differing` how much of it differs.

    `reasons` are the fields that cost most, with how often they differ.
    """

    points: int
    differing: int
    ignored: int = 0
    worst: Severity | None = None
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def percent(self) -> float:
        """Rounded down, so that 100 means all."""
        return int(1000 * (1 - self.differing / self.points)) / 10 if self.points else 100.0


MOST_REASONS = 5


def score(points: int, findings: Sequence[Finding]) -> Score:
    """Of an environment: of everything that was compared, how much is as it should be. What is ignored counts as so."""
    open_ = [finding for finding in findings if finding.look is Look.OPEN]
    worst = max((f.severity for f in open_), key=lambda s: s.weight, default=None)
    ignored = sum(finding.look is Look.IGNORED for finding in findings)
    return Score(max(points, len(open_)), len(open_), ignored, worst, _reasons([f.field for f in open_]))


def _reasons(fields: Sequence[str]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for field in fields:
        counts[field] = counts.get(field, 0) + 1
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_REASONS])


@dataclass(frozen=True, slots=True)
class Standing:
    """A service as one environment should have it."""

    version: str
    image: str
    replicas: int
    spec: ContainerSpec | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not the same in two environments. `left` and `right` are empty where it is not there at all."""

    service: str
    field: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like two environments are: the share of compared points that are the same, and those that are not."""

    points: int
    differences: tuple[Difference, ...]

    @property
    def percent(self) -> float:
        return int(1000 * (1 - len(self.differences) / self.points)) / 10 if self.points else 100.0


def likeness(left: Mapping[str, Standing], right: Mapping[str, Standing]) -> Likeness:
    """Every service that runs in either: its version, image, number of containers, and how they are made."""
    points, found = 0, list[Difference]()
    for service in sorted({*left, *right}):
        mine, theirs = _facts(left.get(service)), _facts(right.get(service))
        for field in [name for name in mine if name in theirs] or ["version"]:
            points += 1
            if mine.get(field, "") != theirs.get(field, ""):
                found.append(Difference(service, field, mine.get(field, ""), theirs.get(field, "")))
        for field in sorted(mine.keys() ^ theirs.keys()) if mine and theirs else ():
            points += 1
            found.append(Difference(service, field, mine.get(field, ""), theirs.get(field, "")))
    return Likeness(points, tuple(found))


def _facts(standing: Standing | None) -> dict[str, str]:
    """Values of variables are compared and never told: only that they differ."""
    if standing is None:
        return {}
    facts = {"version": standing.version, "image": standing.image, "replicas": str(standing.replicas)}
    spec = standing.spec
    if spec is None:
        return facts
    limits = spec.limits
    facts |= {"limits.cpu": f"{limits.cpu_cores:g}", "limits.memory": f"{limits.memory_bytes / 1_048_576:g} MiB"}
    facts |= {"limits.pids": str(limits.pids), "security.read_only": "yes" if spec.is_root_read_only else "no"}
    facts |= {f"mount.{mount.target}": mount.volume for mount in spec.volumes}
    return facts | {f"environment.{name}": value for name, value in spec.environment.items() if name != "APP_VERSION"}
