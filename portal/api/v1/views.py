"""REST: saved views of lists."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, Order
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.saved_view import SavedView
from portal.wiring import core

router = APIRouter(tags=["views"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Noun = Annotated[str, Query(max_length=40, description="The list: rollouts or releases.")]


class ViewOrder(Order):
    """Filters of a list to be kept under a name."""

    noun: str = Field(max_length=40, description="The list: rollouts or releases.")
    name: str = Field(max_length=60)
    query: str = Field(max_length=500, description="The part of the list's address after the question mark.")
    is_shared: bool = Field(default=False, description="Everybody sees it; else its owner alone.")


class ViewDocument(Document):
    """Filters of a list under a name."""

    id: int
    owner: str
    noun: str
    name: str
    query: str
    is_shared: bool
    created_at: datetime | None


@router.get("/views")
def list_views(actor: Viewer, noun: Noun) -> list[ViewDocument]:
    """Yours and those that others share."""
    return [ViewDocument.of(view) for view in core().saved_views.list(actor, noun)]


@router.post("/views", status_code=201)
def save_view(actor: Viewer, order: ViewOrder, key: IdempotencyKey = "") -> ViewDocument:
    def save() -> ViewDocument:
        return ViewDocument.of(core().saved_views.save(actor, SavedView(id=0, owner="", **order.model_dump())))

    return once(actor, Repeatable(key, "view.save", order, ViewDocument), save)


@router.delete("/views/{view_id}", status_code=204)
def remove_view(actor: Viewer, view_id: int) -> None:
    """Yours alone; those that others share are theirs to remove."""
    core().saved_views.remove(actor, view_id)
