"""REST: releases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.deployments import DeploymentDocument
from portal.api.v1.documents import (
    Document,
    IdempotencyKey,
    NameFilter,
    Order,
    PageDocument,
    Pages,
    Paging,
    Search,
    Since,
    Sort,
    Until,
)
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.lists import NEWEST, ReleaseQuery
from portal.domain.release import Signature
from portal.services.releases import ReleaseDetails
from portal.wiring import core

router = APIRouter(tags=["releases"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Creator = Annotated[Actor, permitted(Permission.RELEASE_CREATE)]
ServiceName = Annotated[str, Path(max_length=60)]
VersionName = Annotated[str, Path(max_length=100)]


class SignatureDocument(Document):
    """A cosign signature by key."""

    payload: str = Field(max_length=20_000, description="The signed payload (simple signing JSON).")
    signature: str = Field(max_length=2000, description="Base64 of its ECDSA signature.")


class ReleaseOrder(Order):
    """A new release. `image` is a tag, digest or content id; the release is bound to the content it names now."""

    service: str = Field(max_length=40)
    version: str = Field(max_length=100, description="Semantic Versioning 2.0.0.")
    image: str = Field(max_length=500)
    commit: str = Field(default="", max_length=100)
    notes: str = Field(default="", max_length=100_000)
    is_irreversible: bool = Field(
        default=False, description="Its data migration cannot be undone: a failure halts for a person."
    )
    signatures: list[SignatureDocument] = Field(default_factory=list, max_length=20)


class ReleaseDocument(Document):
    service: str
    version: str
    image: str = Field(description="The content id (sha256:…); it never changes.")
    commit: str
    notes: str
    created_by: str
    created_at: datetime | None
    is_irreversible: bool
    signatures: list[SignatureDocument]


class ReleaseFilter(Paging):
    service: NameFilter = ""
    text: Search = ""
    person: NameFilter = ""
    since: Since = None
    until: Until = None
    sort: Sort = NEWEST


@router.get("/releases")
def list_releases(
    actor: Viewer, pages: Pages, wanted: Annotated[ReleaseFilter, Query()]
) -> PageDocument[ReleaseDocument]:
    """The newest first."""
    return pages.show(core().releases.page(actor, ReleaseQuery(**wanted.model_dump())), ReleaseDocument)


@router.post("/releases", status_code=201)
def create_release(actor: Creator, order: ReleaseOrder, key: IdempotencyKey = "") -> ReleaseDocument:
    def create() -> ReleaseDocument:
        signatures = tuple(Signature(s.payload, s.signature) for s in order.signatures)
        details = ReleaseDetails(order.commit, order.notes, order.is_irreversible, signatures)
        return ReleaseDocument.of(
            core().releases.create(actor, order.service, order.version, image=order.image, details=details)
        )

    return once(actor, Repeatable(key, "release.create", order, ReleaseDocument), create)


@router.get("/releases/{service}/{version}")
def show_release(actor: Viewer, service: ServiceName, version: VersionName) -> ReleaseDocument:
    return ReleaseDocument.of(core().releases.release(actor, service, version))


@router.get("/releases/{service}/{version}/deployments")
def list_release_deployments(actor: Viewer, service: ServiceName, version: VersionName) -> list[DeploymentDocument]:
    """Where the release runs."""
    return [DeploymentDocument.of(d) for d in core().releases.where_running(actor, service, version)]
