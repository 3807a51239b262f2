"""What a person may ask of a long list: filters that must all hold, an order, and a part of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.domain.errors import Invalid
from portal.domain.page import Page, bounded
from portal.domain.service import Service

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


SERVICE_SORTS = ("name", "-name")


@dataclass(frozen=True, slots=True)
class ServiceQuery:
    """`text` is in name, description, repository, owners or tags; `is_archived` asks for those put away, or for the
    others; None for both.
    """

    text: str = ""
    owner: str = ""
    tag: str = ""
    is_archived: bool | None = None
    sort: str = "name"
    offset: int = 0
    limit: int = 50


def find_services(services: Sequence[Service], query: ServiceQuery) -> Page[Service]:
    """Those that fit, by name. Services are few enough to be looked at one by one."""
    offset, limit = bounded(query.offset, query.limit)
    text = query.text.lower()
    kept = [s for s in services if query.is_archived is None or s.is_archived is query.is_archived]
    found = [s for s in kept if not text or text in _words_of(s)]
    found = [
        s for s in found if (not query.owner or query.owner in s.owners) and (not query.tag or query.tag in s.tags)
    ]
    found.sort(key=lambda service: service.name, reverse=check_sort(query.sort, SERVICE_SORTS).startswith("-"))
    return Page(tuple(found[offset : offset + limit]), len(found), offset, limit)


def _words_of(service: Service) -> str:
    return " ".join((service.name, service.description, service.repository, *service.owners, *service.tags)).lower()


def check_sort(sort: str, allowed: Collection[str]) -> str:
    """Invalid("sort_bad") unless it is one of those allowed."""
    if sort not in allowed:
        raise Invalid("sort_bad", field="sort", known=", ".join(allowed))
    return sort
