"""REST: services."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, Order, Reason
from portal.domain.access import Actor, Permission
from portal.domain.container import Limits
from portal.domain.dependencies import called_by, callers_of
from portal.domain.service import Link, Service
from portal.wiring import core

router = APIRouter(tags=["services"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Editor = Annotated[Actor, permitted(Permission.SERVICE_EDIT)]
ServiceName = Annotated[str, Path(max_length=60)]


class LimitsDocument(Document):
    """Bounds of one container."""

    cpu_cores: float = Field(default=0.5, gt=0, le=1024)
    memory_bytes: int = Field(default=268_435_456, ge=6_291_456)
    pids: int = Field(default=256, ge=1, le=1_000_000)
    log_bytes: int = Field(default=10_485_760, ge=1024)


class LinkDocument(Document):
    """Something worth a look outside the portal."""

    name: str = Field(max_length=60)
    url: str = Field(max_length=1300)


class ServiceOrder(Order):
    """A service as it should be; what is left out gets the default."""

    repository: str = Field(description="The image repository, without a tag.", max_length=255)
    description: str = Field(default="", max_length=2000)
    port: int = 8080
    health_path: str = "/healthz"
    metrics_path: str = "/metrics"
    hosts: list[str] = Field(default_factory=list, max_length=100, description="Host names whose requests it gets.")
    path_prefix: str = "/"
    owners: list[str] = Field(default_factory=list, max_length=100)
    dependencies: list[str] = Field(default_factory=list, max_length=100, description="Services that it calls.")
    environment: dict[str, str] = Field(default_factory=dict, max_length=200, description="Settings of its containers.")
    limits: LimitsDocument = LimitsDocument()
    is_root_read_only: bool = True
    is_shielded: bool = Field(
        default=False, description="Failed idempotent requests of a canary are repeated on stable."
    )
    stop_grace_seconds: int = Field(default=10, ge=0, le=3600)
    tags: list[str] = Field(default_factory=list, max_length=50)
    links: list[LinkDocument] = Field(default_factory=list[LinkDocument], max_length=50)
    source_url: str = Field(default="", max_length=1300, description="The web page of the source repository.")


class ServiceDocument(ServiceOrder, Document):
    name: str
    is_archived: bool = False


class NeighbourDocument(Document):
    """A service that is called or that calls, directly (`distance` 1) or by way of others."""

    name: str
    distance: int
    via: list[str]


class NeighboursDocument(Document):
    """What a service needs, and what needs it."""

    needs: list[NeighbourDocument]
    needed_by: list[NeighbourDocument]


@router.get("/services")
def list_services(actor: Viewer, archived: Annotated[bool, Query()] = False) -> list[ServiceDocument]:
    """By name; with `archived` also those that were put away."""
    return [ServiceDocument.of(service) for service in core().catalogue.services(actor, has_archived=archived)]


@router.get("/services/{name}/dependencies")
def list_dependencies(actor: Viewer, name: ServiceName) -> NeighboursDocument:
    """What the service needs and what needs it, the nearest first."""
    core().catalogue.service(actor, name)
    every = core().catalogue.services(actor)
    return NeighboursDocument(
        needs=[NeighbourDocument.of(found) for found in called_by(name, every)],
        needed_by=[NeighbourDocument.of(found) for found in callers_of(name, every)],
    )


@router.get("/services/{name}")
def show_service(actor: Viewer, name: ServiceName) -> ServiceDocument:
    return ServiceDocument.of(core().catalogue.service(actor, name))


@router.put("/services/{name}")
def save_service(actor: Editor, name: ServiceName, order: ServiceOrder, reason: Reason = "") -> ServiceDocument:
    """Add it, or replace the one of this name."""
    return ServiceDocument.of(core().catalogue.save_service(actor, _service(name, order), reason=reason))


@router.put("/services/{name}/archived")
def archive_service(actor: Editor, name: ServiceName, reason: Reason = "") -> ServiceDocument:
    """Put it away: it keeps its history and can neither be released nor rolled out."""
    return ServiceDocument.of(core().catalogue.archive_service(actor, name, is_archived=True, reason=reason))


@router.delete("/services/{name}/archived")
def restore_service(actor: Editor, name: ServiceName, reason: Reason = "") -> ServiceDocument:
    """Take it out again."""
    return ServiceDocument.of(core().catalogue.archive_service(actor, name, is_archived=False, reason=reason))


def _service(name: str, order: ServiceOrder) -> Service:
    fields = order.model_dump(exclude={"limits", "hosts", "owners", "dependencies", "tags", "links"})
    return Service(
        name=name,
        hosts=tuple(order.hosts),
        owners=tuple(order.owners),
        dependencies=tuple(order.dependencies),
        tags=tuple(order.tags),
        links=tuple(Link(link.name, link.url) for link in order.links),
        limits=Limits(**order.limits.model_dump()),
        **fields,
    )
