"""What runs where: services down, environments across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.environment import Environment
from portal.domain.rollout import State
from portal.domain.rollout_view import MatrixCell
from portal.web.addresses import release_address
from portal.web.presenters.marks import Badge, environment_words, health_badge
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: Words


@dataclass(frozen=True, slots=True)
class Cell:
    """`percent` is the share of the version on its way; `is_moving` whether there is one."""

    environment: Words
    version: str
    href: str
    health: Badge
    replicas: Words
    is_moving: bool
    rollout_href: str
    to_version: str
    percent: int
    state: Words


@dataclass(frozen=True, slots=True)
class Row:
    service: str
    href: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deployments there are, and how many of them are healthy."""

    deployed: int = 0
    healthy: int = 0


def columns(environments: Sequence[Environment]) -> list[Column]:
    return [Column(e.name, environment_words(e.name)) for e in environments]


def rows(cells: Sequence[MatrixCell], environments: Sequence[Environment]) -> list[Row]:
    of = {(cell.service, cell.environment): cell for cell in cells}
    services = dict.fromkeys(cell.service for cell in cells)
    order = [e.name for e in environments]
    return [
        Row(name, f"/services/{name}", tuple(cell_of(of.get((name, e), MatrixCell(name, e))) for e in order))
        for name in services
    ]


def tally(cells: Sequence[MatrixCell]) -> Tally:
    return Tally(sum(bool(c.version) for c in cells), sum(c.health == "ok" for c in cells))


def cell_of(cell: MatrixCell) -> Cell:
    """One service in one environment."""
    is_whole = cell.replicas_up >= cell.replicas
    key = "matrix.replicas" if is_whole else "matrix.replicas_of"
    return Cell(
        environment=environment_words(cell.environment),
        version=cell.version,
        href=release_address(cell.service, cell.version) if cell.version else "",
        health=health_badge(cell.health),
        replicas=words(key, up=cell.replicas_up, of=cell.replicas) if cell.version else Words(),
        is_moving=cell.rollout_id is not None,
        rollout_href=f"/rollouts/{cell.rollout_id or 0}",
        to_version=cell.to_version,
        percent=cell.percent,
        state=words(f"state.{cell.rollout_state}") if cell.rollout_state in tuple(State) else Words(),
    )
