"""REST: the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from portal.api.authentication import permitted
from portal.api.v1.audit_documents import AuditEntryDocument, AuditReportDocument
from portal.api.v1.documents import NameFilter, PageDocument, Pages, Paging, Search
from portal.domain.access import Actor, Permission
from portal.domain.audit import AuditQuery
from portal.wiring import core

router = APIRouter(tags=["audit"])
Reader = Annotated[Actor, permitted(Permission.AUDIT_READ)]
Exporter = Annotated[Actor, permitted(Permission.AUDIT_EXPORT)]
Moment = Annotated[AwareDatetime | None, Field(description="A time with its zone, as in 2026-01-31T08:00:00Z.")]


class AuditFilter(Paging):
    actor: NameFilter = ""
    action: NameFilter = ""
    target: str = Field(default="", max_length=300)
    environment: NameFilter = ""
    text: Search = ""
    since: Moment = None
    until: Moment = None


@router.get("/audit")
def list_audit_entries(
    actor: Reader, pages: Pages, wanted: Annotated[AuditFilter, Query()]
) -> PageDocument[AuditEntryDocument]:
    """The newest first, of those environments whose trail you may read."""
    return pages.show(core().audit.page(actor, AuditQuery(**wanted.model_dump())), AuditEntryDocument)


@router.get("/audit/verification")
def verify_audit(actor: Reader) -> AuditReportDocument:
    """Reads the whole trail and compares it with itself and with all anchors."""
    return AuditReportDocument.of(core().audit.verify(actor))


_LINES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}, "description": "One object a line."}
}


@router.get("/audit/export", response_class=StreamingResponse, responses=_LINES)
def export_audit(actor: Exporter) -> StreamingResponse:
    """All entries, then all anchors, as JSON lines. That it was asked for is itself recorded."""
    lines = core().audit.export(actor)
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(_ended(lines), media_type="application/jsonl", headers=headers)


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield f"{line}\n"
