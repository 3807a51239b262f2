"""REST: backups, and what came of restoring them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field

from portal.api.authentication import permitted
from portal.api.v1.documents import Document, IdempotencyKey, NameFilter, Order, PageDocument, Pages, Paging, Sort
from portal.api.v1.repeats import Repeatable, once
from portal.domain.access import Actor, Permission
from portal.domain.backup import BackupKind, BackupQuery, BackupState, RecoveryKind, RecoveryQuery
from portal.wiring import core

router = APIRouter(tags=["backups"])
Viewer = Annotated[Actor, permitted(Permission.VIEW)]
Keeper = Annotated[Actor, permitted(Permission.BACKUP_RUN)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class BackupDocument(Document):
    """`state` good: it was restored elsewhere and found whole."""

    id: int
    kind: BackupKind
    target: str
    environment: str = Field(description="Empty for the portal's own.")
    state: BackupState
    at: AwareDatetime
    size_bytes: int = Field(description="Before it was compressed.")
    seconds: float
    checked_at: AwareDatetime | None
    error: str
    folder: str = Field(description="Where it is in the store.")


class RecoveryDocument(Document):
    """Something was restored: to check a backup, as a drill, or for real."""

    id: int
    kind: RecoveryKind
    target: str
    environment: str
    at: AwareDatetime
    is_good: bool
    rto_seconds: float = Field(description="How long it took.")
    rpo_seconds: float | None = Field(description="Changes of at most so many seconds were not in it.")
    error: str
    requested_by: str = Field(description="Empty if the portal did it by itself.")


class RecoveryViewDocument(RecoveryDocument):
    document: dict[str, Any] = Field(description="The whole report.")


class ShippedDocument(Document):
    line: str
    sequence: int
    at: AwareDatetime | None = Field(description="What was committed until then is in the store.")
    sent: int = Field(description="Segments since this process began.")
    sent_bytes: int
    failure: str = Field(description="Why it is not getting on; empty if it is.")


class BackupStatusDocument(Document):
    is_set: bool = Field(description="Whether there is a store.")
    address: str
    key_name: str = Field(description="Tells keys apart; gives nothing away.")
    shipped: ShippedDocument | None
    last: BackupDocument | None
    last_good: RecoveryDocument | None = Field(description="The last restore of the portal that was found whole.")
    alarm: str = Field(description="`stale` or `failing`; empty if there is nothing to worry about.")


class _Filter(Paging):
    environment: NameFilter = ""
    target: str = Field(default="", max_length=200)
    sort: Sort = "-at"


class BackupFilter(_Filter):
    kind: BackupKind | None = None
    state: BackupState | None = None


class RecoveryFilter(_Filter):
    kind: RecoveryKind | None = None


@router.get("/backups")
def list_backups(actor: Viewer, pages: Pages, wanted: Annotated[BackupFilter, Query()]) -> PageDocument[BackupDocument]:
    """The portal's own, and those of the environments in which you may look."""
    query = BackupQuery(
        kind=wanted.kind or "",
        environment=wanted.environment,
        target=wanted.target,
        state=wanted.state or "",
        sort=wanted.sort,
        offset=wanted.offset,
        limit=wanted.limit,
    )
    return pages.show(core().backups.page(actor, query), BackupDocument)


@router.get("/backups/status")
def show_backup_status(actor: Viewer) -> BackupStatusDocument:
    """How far the portal's own backup is, the last good restore, and whether to worry."""
    return BackupStatusDocument.of(core().backups.status(actor))


@router.post("/backups", status_code=202)
def make_backup(actor: Keeper, key: IdempotencyKey = "") -> BackupStatusDocument:
    """A base of the portal's own database, now; it is restored and checked by itself."""

    def make() -> BackupStatusDocument:
        core().backups.make(actor)
        return BackupStatusDocument.of(core().backups.status(actor))

    return once(actor, Repeatable(key, "backup.make", Order(), BackupStatusDocument), make)


@router.get("/backups/{backup_id}")
def show_backup(actor: Viewer, backup_id: Number) -> BackupDocument:
    return BackupDocument.of(core().backups.get(actor, backup_id))


@router.get("/recoveries")
def list_recoveries(
    actor: Viewer, pages: Pages, wanted: Annotated[RecoveryFilter, Query()]
) -> PageDocument[RecoveryDocument]:
    """Every restore with what it took and what was lost, those done by the portal itself too."""
    query = RecoveryQuery(
        kind=wanted.kind or "",
        environment=wanted.environment,
        target=wanted.target,
        sort=wanted.sort,
        offset=wanted.offset,
        limit=wanted.limit,
    )
    return pages.show(core().backups.recoveries(actor, query), RecoveryDocument)


@router.get("/recoveries/{recovery_id}")
def show_recovery(actor: Viewer, recovery_id: Number) -> RecoveryViewDocument:
    return RecoveryViewDocument.of(core().backups.recovery(actor, recovery_id))
