"""REST: environments, and the windows in which nothing is rolled out."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, Order, Reason
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission, Role
from portal.domain.environment import Environment, FreezeWindow, Protection, Stage, occurrences
from portal.wiring import core

router = APIRouter(tags=["environments"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Editor = Annotated[Actor, permitted(Permission.ENVIRONMENT_EDIT)]
Freezer = Annotated[Actor, permitted(Permission.FREEZE_EDIT)]
EnvironmentName = Annotated[str, Path(max_length=60)]


class ProtectionDocument(Document):
    """What has to be true before a release gets into the environment."""

    approvals: int = Field(default=0, ge=0, le=10, description="People other than the requester who must agree.")
    approver_role: Role = Role.RELEASE_MANAGER
    approval_hours: int = Field(default=24, ge=1, le=8760)
    wait_seconds: int = Field(default=0, ge=0, le=2_592_000)
    after_environment: str = Field(default="", max_length=40, description="Where the same image must have run before.")
    signature_key: str = Field(
        default="", max_length=5000, description="PEM of the public key that must have signed the image."
    )


class EnvironmentOrder(Order):
    """An environment as it should be; what is left out gets the default."""

    stage: Stage
    position: int = Field(default=0, ge=0, le=1000, description="Its place in the order of promotion.")
    replicas: int = Field(default=2, ge=1, le=50)
    host_prefix: str = Field(default="", max_length=60)
    protection: ProtectionDocument = ProtectionDocument()
    plan: str = Field(default="", max_length=20_000, description="YAML of the default plan; empty: that of the stage.")
    description: str = Field(default="", max_length=2000)
    owners: list[str] = Field(default_factory=list, max_length=20, description="Who is told before it ends.")


class EnvironmentDocument(EnvironmentOrder, Document):
    name: str
    is_archived: bool = False
    expires_at: datetime | None = None


class FreezeOrder(Order):
    """Once (`starts_at` … `ends_at`), or weekly (`days`, `from_time` … `to_time` in `zone`)."""

    name: str = Field(min_length=1, max_length=100)
    environment: str = Field(default="*", max_length=40, description="Its name, or * for all.")
    zone: str = Field(default="UTC", max_length=60, description="Name of the time zone, as in Asia/Shanghai.")
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    days: list[str] = Field(default_factory=list, max_length=7, description="mon, tue, wed, thu, fri, sat, sun")
    from_time: time = time(0, 0)
    to_time: time = time(0, 0)


class FreezeDocument(Document):
    id: int
    name: str
    environment: str
    zone: str
    starts_at: datetime | None
    ends_at: datetime | None
    days: list[str]
    from_time: time
    to_time: time


class OccurrenceDocument(Document):
    """One time that a window holds."""

    freeze_id: int
    name: str
    environment: str
    starts_at: datetime
    ends_at: datetime


@router.get("/environments")
def list_environments(actor: Viewer, archived: Annotated[bool, Query()] = False) -> list[EnvironmentDocument]:
    """In the order of promotion; with `archived` also those that were put away."""
    return [EnvironmentDocument.of(place) for place in core().catalogue.environments(actor, has_archived=archived)]


@router.get("/environments/{name}")
def show_environment(actor: Viewer, name: EnvironmentName) -> EnvironmentDocument:
    return EnvironmentDocument.of(core().catalogue.environment(actor, name))


@router.put("/environments/{name}")
def save_environment(
    actor: Editor, name: EnvironmentName, order: EnvironmentOrder, reason: Reason = ""
) -> EnvironmentDocument:
    """Add it, or replace the one of this name."""
    fields = order.model_dump(exclude={"protection", "owners"})
    protection = Protection(**order.protection.model_dump())
    environment = Environment(name=name, protection=protection, owners=tuple(order.owners), **fields)
    return EnvironmentDocument.of(core().life.save(actor, environment, reason=reason))


@router.put("/environments/{name}/archived")
def archive_environment(actor: Editor, name: EnvironmentName, reason: Reason = "") -> EnvironmentDocument:
    """Put it away: it keeps its history, and nothing is rolled out there."""
    return EnvironmentDocument.of(core().catalogue.archive_environment(actor, name, is_archived=True, reason=reason))


@router.delete("/environments/{name}/archived")
def restore_environment(actor: Editor, name: EnvironmentName, reason: Reason = "") -> EnvironmentDocument:
    """Take it out again."""
    return EnvironmentDocument.of(core().catalogue.archive_environment(actor, name, is_archived=False, reason=reason))


@router.get("/freezes")
def list_freezes(actor: Viewer) -> list[FreezeDocument]:
    return [FreezeDocument.of(window) for window in core().catalogue.freezes(actor)]


@router.post("/freezes", status_code=201)
def add_freeze(actor: Freezer, order: FreezeOrder, reason: Reason = "", key: IdempotencyKey = "") -> FreezeDocument:
    """No rollout starts or goes on in the window; a rollback always does."""
    window = FreezeWindow(id=0, **{**order.model_dump(), "days": tuple(order.days)})

    def add() -> FreezeDocument:
        return FreezeDocument.of(core().catalogue.add_freeze(actor, window, reason=reason))

    return once(actor, Repeatable(key, "freeze.add", order, FreezeDocument), add)


@router.get("/freezes/calendar")
def show_freeze_calendar(actor: Viewer, since: AwareDatetime, until: AwareDatetime) -> list[OccurrenceDocument]:
    """Every time that a window holds between the two, in order; weekly ones as often as they do."""
    found = [o for window in core().catalogue.freezes(actor) for o in occurrences(window, start=since, end=until)]
    return [OccurrenceDocument.of(o) for o in sorted(found, key=lambda o: (o.starts_at, o.freeze_id))]


@router.put("/freezes/{freeze_id}")
def change_freeze(actor: Freezer, freeze_id: int, order: FreezeOrder, reason: Reason = "") -> FreezeDocument:
    """Replace the window of this number."""
    window = FreezeWindow(id=freeze_id, **{**order.model_dump(), "days": tuple(order.days)})
    return FreezeDocument.of(core().catalogue.change_freeze(actor, window, reason=reason))


@router.put("/freezes/{freeze_id}/end", status_code=204)
def end_freeze(actor: Freezer, freeze_id: int, reason: Reason = "") -> None:
    """Now: one that runs keeps what was of it; one to come, or a weekly one, is removed."""
    core().catalogue.end_freeze(actor, freeze_id, reason=reason)


@router.delete("/freezes/{freeze_id}", status_code=204)
def remove_freeze(actor: Freezer, freeze_id: int, reason: Reason = "") -> None:
    core().catalogue.remove_freeze(actor, freeze_id, reason=reason)
