"""What a person may ask of a long list: filters that must all hold, an order, and a part of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.domain.errors import Invalid

NEWEST = "-created"
ROLLOUT_SORTS = (NEWEST, "created", "service", "environment", "state", "person")
RELEASE_SORTS = (NEWEST, "created", "service", "version", "-version", "person")

FILTERS: Mapping[str, frozenset[str]] = {
    "rollouts": frozenset(
        {"service", "environment", "state", "strategy", "person", "version", "since", "until", "text", "sort"}
    ),
    "releases": frozenset({"service", "person", "since", "until", "text", "sort"}),
}
"""The parameters of each list's address."""


@dataclass(frozen=True, slots=True)
class RolloutQuery:
    """`state` is one state, "active" (not over), "over", or empty for all. `strategy` may also be "return".

    `version` is the one that was rolled out, `person` who asked for it; it was created at or after `since` and before
    `until`. `text` is in service, environment, person, version or reason. `sort` is one of ROLLOUT_SORTS.
    """

    service: str = ""
    environment: str = ""
    state: str = ""
    text: str = ""
    strategy: str = ""
    person: str = ""
    version: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sort: str = NEWEST
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ReleaseQuery:
    """`person` made it, at or after `since` and before `until`. `text` is in service, version, commit, person or
    the beginning of the notes.

    `sort` is one of RELEASE_SORTS; versions are ordered as SemVer says.
    """

    service: str = ""
    text: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sort: str = NEWEST
    offset: int = 0
    limit: int = 50


def check_sort(sort: str, allowed: Collection[str]) -> str:
    """Invalid("sort_bad") unless it is one of those allowed."""
    if sort not in allowed:
        raise Invalid("sort_bad", field="sort", sort=sort[:40], allowed=", ".join(allowed))
    return sort
