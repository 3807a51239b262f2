"""REST: the four measures of delivery."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, NameFilter
from portal.domain.access import Actor, Permission
from portal.services.dora import DEFAULT_DAYS, MOST_DAYS, DoraQuery
from portal.wiring import core

router = APIRouter(tags=["measures"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]


class DoraFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service: NameFilter = ""
    environment: NameFilter = ""
    days: int = Field(default=DEFAULT_DAYS, ge=1, le=MOST_DAYS, description="Up to now, unless a time is given.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class DoraDocument(Document):
    """Null where there is nothing to make a measure of. Times are medians in seconds."""

    days: float
    deployments: int = Field(description="Rollouts that brought a new version to all users.")
    changes: int = Field(description="Rollouts that brought a new version to any users.")
    failures: int = Field(description="Changes that were taken back.")
    restored: int
    per_day: float | None = Field(description="Deployment frequency.")
    lead_seconds: float | None = Field(description="From registering a release to all users having it.")
    failure_rate: float | None = Field(description="Failures of all changes, 0 … 1.")
    restore_seconds: float | None = Field(description="From the first user on the bad version to the last one off it.")


@router.get("/measures/delivery")
def show_delivery_measures(actor: Viewer, wanted: Annotated[DoraFilter, Query()]) -> DoraDocument:
    """Deployment frequency, lead time, change failure rate and time to restore, from the portal's own rollouts."""
    return DoraDocument.of(core().dora.measure(actor, DoraQuery(**wanted.model_dump())))
