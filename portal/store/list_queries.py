"""The pages of long lists: which rows fit, in which order, counted and cut in the database.

Numbers first, rows after: the filters are answered by an index that has all of them, and only the rows of the page are
read. So a page takes the same time whatever lies behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from portal.domain.lists import RELEASE_SORTS, ROLLOUT_SORTS, ReleaseQuery, RolloutQuery, check_sort
from portal.domain.page import bounded
from portal.store.tables import ReleaseRow, RolloutRow

LONGEST_SEARCH = 500

Conditions = list[ColumnElement[bool]]
_COLUMN_OF_SORT: dict[str, Any] = {"person": "requested_by", "created": "created_at", "version": "version_key"}


def search_text(*parts: str) -> str:
    """What is kept for looking text up in: the beginning, so that it fits into an index; in lower case, for the
    database knows that of ASCII only.
    """
    return " ".join(parts).lower()[:LONGEST_SEARCH]


def rollout_rows(
    session: Session, query: RolloutQuery, environments: frozenset[str] | None
) -> tuple[list[RolloutRow], int]:
    """The rows of the page in their order, and how many fit in all."""
    exact = {
        RolloutRow.service: query.service,
        RolloutRow.environment: query.environment,
        RolloutRow.strategy: query.strategy,
        RolloutRow.requested_by: query.person,
        RolloutRow.to_version: query.version,
    }
    fits = [*_exact(exact), *_in_state(query.state), *_period(RolloutRow.created_at, query.since, query.until)]
    fits += _contains(RolloutRow.search, query.text)
    if environments is not None:
        fits.append(col(RolloutRow.environment).in_(sorted(environments)))
    name = check_sort(query.sort, ROLLOUT_SORTS).removeprefix("-")
    key = getattr(RolloutRow, _COLUMN_OF_SORT.get(name, name))
    order = _order(key, query.sort, then=(RolloutRow.created_at, RolloutRow.id))
    return _part(session, RolloutRow, fits, order=order, part=(query.offset, query.limit))


def release_rows(session: Session, query: ReleaseQuery) -> tuple[list[ReleaseRow], int]:
    """The rows of the page in their order, and how many fit in all."""
    exact = {ReleaseRow.service: query.service, ReleaseRow.created_by: query.person}
    fits = [*_exact(exact), *_period(ReleaseRow.created_at, query.since, query.until)]
    fits += _contains(ReleaseRow.search, query.text)
    name = check_sort(query.sort, RELEASE_SORTS).removeprefix("-")
    key = ReleaseRow.created_by if name == "person" else getattr(ReleaseRow, _COLUMN_OF_SORT.get(name, name))
    order = _order(key, query.sort, then=(ReleaseRow.created_at, ReleaseRow.id))
    return _part(session, ReleaseRow, fits, order=order, part=(query.offset, query.limit))


def _part(
    session: Session, table: Any, fits: Conditions, *, order: Sequence[Any], part: tuple[int, int]
) -> tuple[list[Any], int]:
    offset, limit = bounded(*part)
    total = session.exec(select(func.count()).select_from(table).where(*fits)).one()
    if total <= offset:
        return [], total
    numbers = session.exec(select(table.id).where(*fits).order_by(*order).offset(offset).limit(limit)).all()
    found = {row.id: row for row in session.exec(select(table).where(table.id.in_(numbers)))}
    return [found[number] for number in numbers], total


def _order(key: Any, sort: str, *, then: Sequence[Any]) -> list[Any]:
    """By the key; equal ones the newest first."""
    is_down = sort.startswith("-")
    rest = [column for column in then if column is not key]
    if key is then[0]:
        return [col(column).desc() if is_down else col(column).asc() for column in (key, *rest)]
    return [col(key).desc() if is_down else col(key).asc(), *(col(column).desc() for column in rest)]


def _exact(wanted: dict[Any, str]) -> Conditions:
    return [col(column) == value for column, value in wanted.items() if value]


def _in_state(state: str) -> Conditions:
    if state == "active":
        return [col(RolloutRow.ended_at).is_(None)]
    if state == "over":
        return [col(RolloutRow.ended_at).is_not(None)]
    return [col(RolloutRow.state) == state] if state else []


def _period(column: Any, since: datetime | None, until: datetime | None) -> Conditions:
    bounds = [col(column) >= since] if since else []
    return [*bounds, *([col(column) < until] if until else [])]


def _contains(column: Any, text: str) -> Conditions:
    wanted = text.lower()[:100]
    return [col(column).contains(wanted, autoescape=True)] if wanted else []
