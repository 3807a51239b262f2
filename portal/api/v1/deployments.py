"""REST: what runs where, and what ran there before."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document
from portal.domain.access import Actor, Permission
from portal.domain.route import Slot
from portal.wiring import core

router = APIRouter(tags=["deployments"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Name = Annotated[str, Path(max_length=60)]


class DeploymentDocument(Document):
    """One release running in one environment."""

    service: str
    environment: str
    version: str
    image: str
    slot: Slot
    replicas: int
    rollout_id: int | None
    deployed_by: str
    deployed_at: datetime | None


class CellDocument(Document):
    """One service in one environment, with what is on its way there."""

    service: str
    environment: str
    version: str
    health: str = Field(description="ok, degraded, failing, waiting or none")
    replicas_up: int
    replicas: int
    rollout_id: int | None
    rollout_state: str
    to_version: str
    percent: int


class PastDocument(Document):
    """A rollout that brought a version there and kept it."""

    id: int
    from_version: str
    to_version: str
    to_image: str
    requested_by: str
    reason: str
    is_return: bool
    created_at: datetime | None
    ended_at: datetime | None


@router.get("/deployments")
def list_deployments(actor: Viewer) -> list[DeploymentDocument]:
    return [DeploymentDocument.of(deployment) for deployment in core().deployments.all(actor)]


@router.get("/deployments/{service}/{environment}/history")
def list_deployment_history(actor: Viewer, service: Name, environment: Name) -> list[PastDocument]:
    """What ran there, the newest first."""
    return [PastDocument.of(rollout) for rollout in core().deployments.history(actor, service, environment)]


@router.get("/matrix")
def show_matrix(actor: Viewer) -> list[CellDocument]:
    """Every service in every environment: what runs there, how it is, and what is on its way."""
    return [CellDocument.of(cell) for cell in core().deployments.matrix(actor)]
