"""REST: the machine behind the container engine, and its images, volumes and networks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from portal.api.authentication import permitted
from portal.api.v1.container_documents import (
    HostDocument,
    ImageDocument,
    NetworkDocument,
    OtherContainerDocument,
    VolumeDocument,
)
from portal.api.v1.documents import Reason
from portal.domain.access import Actor, Permission
from portal.wiring import core

router = APIRouter(tags=["engine"])
Viewer = Annotated[Actor, permitted(Permission.CONTAINER_VIEW)]
Controller = Annotated[Actor, permitted(Permission.CONTAINER_CONTROL)]
Name = Annotated[str, Path(max_length=300)]
Confirmed = Annotated[
    str, Query(max_length=300, description="The name of what is to go once more, so that nothing goes by a slip.")
]


@router.get("/engine")
def show_host(actor: Viewer) -> HostDocument:
    return HostDocument.of(core().hosts.facts(actor))


@router.get("/engine/others")
def list_other_containers(actor: Viewer) -> list[OtherContainerDocument] | None:
    """Containers that are not the portal's; null unless the gate was started with --show-others."""
    others = core().hosts.others(actor)
    return None if others is None else [OtherContainerDocument.of(other) for other in others]


@router.get("/engine/images")
def list_images(actor: Viewer) -> list[ImageDocument]:
    """The newest first, with what uses them."""
    return [ImageDocument.of(use) for use in core().hosts.images(actor)]


@router.get("/engine/volumes")
def list_volumes(actor: Viewer) -> list[VolumeDocument]:
    return [VolumeDocument.of(use) for use in core().hosts.volumes(actor)]


@router.get("/engine/networks")
def list_networks(actor: Viewer) -> list[NetworkDocument]:
    return [NetworkDocument.of(use) for use in core().hosts.networks(actor)]


@router.delete("/engine/images/{name}", status_code=204)
def remove_image(actor: Controller, name: Name, confirmed: Confirmed = "", reason: Reason = "") -> Response:
    """By its id. Only one that no container and no release needs."""
    core().hosts.remove_image(actor, name, confirmed=confirmed, reason=reason)
    return Response(status_code=204)


@router.delete("/engine/volumes/{name}", status_code=204)
def remove_volume(actor: Controller, name: Name, confirmed: Confirmed = "", reason: Reason = "") -> Response:
    """Only one of the portal that no container has. What is in it is gone."""
    core().hosts.remove_volume(actor, name, confirmed=confirmed, reason=reason)
    return Response(status_code=204)


@router.delete("/engine/networks/{name}", status_code=204)
def remove_network(actor: Controller, name: Name, confirmed: Confirmed = "", reason: Reason = "") -> Response:
    """Only one of the portal that no container has, and not the one that the portal uses."""
    core().hosts.remove_network(actor, name, confirmed=confirmed, reason=reason)
    return Response(status_code=204)
