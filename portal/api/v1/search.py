"""REST: search everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document
from portal.domain.access import Actor, Permission
from portal.domain.search import LONGEST_SEARCH
from portal.services.search import KINDS
from portal.wiring import core

router = APIRouter(tags=["search"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Wanted = Annotated[str, Query(min_length=1, max_length=LONGEST_SEARCH, description="Words; each must be there.")]
Kind = Literal["service", "environment", "release", "rollout", "person", "document"]
Kinds = Annotated[list[Kind] | None, Query(description="Only these kinds.")]


class HitDocument(Document):
    """Something that was found."""

    kind: str
    title: str
    path: str = Field(description="Its page in the portal.")
    detail: str
    environment: str
    state: str


@router.get("/search")
def search(actor: Viewer, text: Wanted, kind: Kinds = None) -> list[HitDocument]:
    """Services, environments, releases, rollouts and people that you may see, then the documentation. The best first:
    what is called just that, what begins with it, what has all words. At most eight of a kind.
    """
    return [HitDocument.of(hit) for hit in core().search.hits(actor, text, kinds=tuple(kind or KINDS))]
