"""REST: data of environments, and copies of it from one to another."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, Order, Reason
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.data_store import CopyState, DataCopy, DataStore, Mask, MaskKind, StoreKind
from portal.services.data_copies import CopyOrder
from portal.wiring import core

router = APIRouter(tags=["data"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Copier = Annotated[Actor, permitted(Permission.DATA_COPY)]
Approver = Annotated[Actor, permitted(Permission.ROLLOUT_APPROVE)]
Name = Annotated[str, Path(max_length=60)]


class MaskDocument(Document):
    """What becomes of one column when it leaves the environment."""

    table: str = Field(max_length=130)
    column: str = Field(max_length=64)
    kind: MaskKind


class StoreOrder(Order):
    """A volume (`volume`, `user` the owner of its files), or a database as containers reach it."""

    kind: StoreKind
    image: str = Field(max_length=255, description="Has tar, or the database's own tools.")
    volume: str = Field(default="", max_length=128)
    host: str = Field(default="", max_length=253)
    port: int = Field(default=0, ge=0, le=65_535)
    database: str = Field(default="", max_length=63)
    user: str = Field(default="", max_length=63)
    masks: list[MaskDocument] = Field(default_factory=list[MaskDocument], max_length=500)
    password: str | None = Field(default=None, max_length=1000, description="Kept sealed; left out, it stays.")


class StoreDocument(Document):
    environment: str
    name: str
    kind: StoreKind
    image: str
    volume: str
    host: str
    port: int
    database: str
    user: str
    masks: list[MaskDocument]
    has_password: bool


class TaintDocument(Document):
    """The data is from `origin`, an environment whose data must not be everywhere."""

    environment: str
    name: str
    origin: str
    is_masked: bool
    copy_id: int
    at: datetime


class CopyApprovalDocument(Document):
    by: str
    is_approved: bool
    reason: str
    at: datetime


class CopyDocument(Document):
    id: int
    source: str
    target: str
    requested_by: str
    reason: str
    created_at: datetime
    state: CopyState
    needed: int
    approvals: list[CopyApprovalDocument]
    job_id: int | None
    result: dict[str, str]


class DataDocument(Document):
    stores: list[StoreDocument]
    taints: list[TaintDocument]
    copies: list[CopyDocument]


class CopyRequest(Order):
    """`environment/store` both. What is at the target will be overwritten."""

    source: str = Field(pattern=r"^[^/]{1,40}/[^/]{1,40}$")
    target: str = Field(pattern=r"^[^/]{1,40}/[^/]{1,40}$")
    reason: str = Field(min_length=1, max_length=500)


class CopyDecision(Order):
    is_approved: bool
    reason: str = Field(min_length=1, max_length=500)


@router.get("/environments/{name}/data")
def show_data(actor: Viewer, name: Name) -> DataDocument:
    """Its stores, where their data came from, and the copies from here and to here."""
    view = core().data_copies.view(actor, name)
    return DataDocument(
        stores=[StoreDocument.of(given) for given in view.stores],
        taints=[TaintDocument.of(given) for given in view.taints],
        copies=[_copy(given) for given in view.copies],
    )


@router.put("/environments/{name}/data/{store}")
def save_store(actor: Copier, name: Name, store: Name, order: StoreOrder, reason: Reason = "") -> StoreDocument:
    """Add it, or replace the one of this name."""
    fields = order.model_dump(exclude={"masks", "password"})
    masks = tuple(Mask(mask.table, mask.column, mask.kind) for mask in order.masks)
    given = DataStore(environment=name, name=store, masks=masks, **fields)
    saved = core().data_copies.save_store(actor, given, password=order.password, reason=reason)
    return StoreDocument.of(saved)


@router.delete("/environments/{name}/data/{store}", status_code=204)
def remove_store(actor: Copier, name: Name, store: Name, reason: Reason = "") -> None:
    """The portal forgets it; the data itself stays where it is."""
    core().data_copies.remove_store(actor, name, store, reason=reason)


@router.delete("/environments/{name}/data/{store}/taint", status_code=204)
def lift_taint(actor: Approver, name: Name, store: Name, reason: Reason = "") -> None:
    """The label of origin goes: somebody answers for it."""
    core().data_copies.lift_taint(actor, name, store, reason=reason)


@router.post("/copies", status_code=202)
def copy_data(actor: Copier, order: CopyRequest, key: IdempotencyKey = "") -> CopyDocument:
    """At once, or into prod and dr once two others have agreed."""

    def act() -> CopyDocument:
        places = CopyOrder(_place(order.source), _place(order.target))
        return _copy(core().data_copies.ask(actor, places, reason=order.reason))

    return once(actor, Repeatable(key, "copy", order, CopyDocument), act)


@router.get("/copies/{copy_id}")
def show_copy(actor: Viewer, copy_id: int) -> CopyDocument:
    return _copy(core().data_copies.copy(actor, copy_id))


@router.put("/copies/{copy_id}/decision")
def decide_copy(actor: Approver, copy_id: int, order: CopyDecision) -> CopyDocument:
    """Of somebody other than the one who asked; the last that is needed starts it."""
    decide = core().data_copies.decide
    return _copy(decide(actor, copy_id, is_approved=order.is_approved, reason=order.reason))


def _place(written: str) -> tuple[str, str]:
    environment, _, name = written.partition("/")
    return environment, name


def _copy(given: DataCopy) -> CopyDocument:
    fields = ("id", "requested_by", "reason", "created_at", "state", "needed", "job_id")
    return CopyDocument(
        **{name: getattr(given, name) for name in fields},
        source="/".join(given.source),
        target="/".join(given.target),
        approvals=[CopyApprovalDocument.of(approval) for approval in given.approvals],
        result=dict(given.result),
    )
