"""REST: long work such as backups and copies: how far it is, cancelling and repeating it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, NameFilter, Order, PageDocument, Pages, Paging, Search
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.job import JobQuery
from portal.services.jobs import JobView
from portal.wiring import core

router = APIRouter(tags=["operations"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
States = Literal["", "active", "over", "waiting", "running", "succeeded", "failed", "cancelled"]


class OperationFilter(Paging):
    kind: NameFilter = ""
    environment: NameFilter = ""
    state: States = ""
    person: NameFilter = ""
    text: Search = ""
    sort: Literal["-created", "created"] = "-created"


class OperationDocument(Document):
    """Long work. `environment` is empty if it concerns the whole portal."""

    id: int
    kind: str
    target: str
    environment: str
    state: str = Field(description="waiting, running, succeeded, failed or cancelled.")
    step: int = Field(description="How many steps are done.")
    done: float = Field(description="How far the present step is.")
    total: float = Field(description="How far it will go; 0 if nobody knows.")
    unit: str
    reason: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error_code: str
    error_params: Mapping[str, str]
    is_unwanted: bool = Field(description="Somebody has asked to cancel it.")


class OperationStepDocument(Document):
    name: str
    status: str = Field(description="pending, running, done, skipped or failed.")
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None


class OperationViewDocument(Document):
    """One operation with its steps, and what you may do about it."""

    operation: OperationDocument
    steps: list[OperationStepDocument]
    can_cancel: bool
    can_retry: bool


class OperationOrder(Order):
    """Why."""

    reason: str = Field(default="", max_length=500)


@router.get("/operations")
def list_operations(
    actor: Viewer, wanted: Annotated[OperationFilter, Query()], pages: Pages
) -> PageDocument[OperationDocument]:
    """Those of environments that you may see; those of the whole portal if you may see all."""
    return pages.show(core().jobs.page(actor, JobQuery(**wanted.model_dump())), OperationDocument)


@router.get("/operations/{operation_id}")
def show_operation(actor: Viewer, operation_id: int) -> OperationViewDocument:
    return _view(core().jobs.view(actor, operation_id))


@router.put("/operations/{operation_id}/cancelled")
def cancel_operation(actor: Viewer, operation_id: int, order: OperationOrder) -> OperationDocument:
    """It ends at the next place where it can. Needs what starting it needs, and a reason."""
    return OperationDocument.of(core().jobs.cancel(actor, operation_id, reason=order.reason))


@router.post("/operations/{operation_id}/retry", status_code=201)
def retry_operation(
    actor: Viewer, operation_id: int, order: OperationOrder, key: IdempotencyKey = ""
) -> OperationDocument:
    """The same once more, as a new operation, after it failed or was cancelled."""

    def again() -> OperationDocument:
        return OperationDocument.of(core().jobs.retry(actor, operation_id, reason=order.reason))

    return once(actor, Repeatable(key, f"operation.retry.{operation_id}", order, OperationDocument), again)


def _view(view: JobView) -> OperationViewDocument:
    given: dict[str, Any] = {
        "operation": OperationDocument.of(view.job),
        "steps": [OperationStepDocument.of(step) for step in view.steps],
    }
    return OperationViewDocument(**given, can_cancel=view.can_cancel, can_retry=view.can_retry)
