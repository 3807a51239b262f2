"""REST: two releases of a service side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from portal.api.authentication import permitted
from portal.api.v1.deployments import DeploymentDocument
from portal.api.v1.documents import Document
from portal.api.v1.releases import ReleaseDocument
from portal.domain.access import Actor, Permission
from portal.wiring import core

router = APIRouter(tags=["releases"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
ServiceName = Annotated[str, Path(max_length=60)]


class LineDocument(Document):
    """One line: `mark` is a space (both), - (only old) or + (only new)."""

    mark: str
    text: str
    old: int
    new: int


class SideDocument(Document):
    """A release, where it runs, and the plan and settings of its last rollout."""

    release: ReleaseDocument
    places: list[DeploymentDocument]
    plan: str
    settings: str
    rolled_out_at: datetime | None
    rolled_out_to: str


class ComparisonDocument(Document):
    """What is different between two releases."""

    old: SideDocument
    new: SideDocument
    is_same_image: bool
    commits_url: str
    between: list[ReleaseDocument]
    plan_diff: list[LineDocument]
    settings_diff: list[LineDocument]
    notes_diff: list[LineDocument]


Version = Annotated[str, Query(max_length=100)]


@router.get("/comparisons/{service}")
def compare_releases(actor: Viewer, service: ServiceName, old: Version, new: Version) -> ComparisonDocument:
    """Image, commits, plan, settings, notes, times and places of any two releases of the service."""
    return ComparisonDocument.of(core().comparisons.compare(actor, service, old=old, new=new))
