"""REST: the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import copy_context
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field

from portal.api.authentication import permitted
from portal.api.languages import language
from portal.api.v1.audit_documents import AuditEntryDocument, AuditReportDocument, EntryProofDocument
from portal.api.v1.audit_table import table
from portal.api.v1.documents import NameFilter, Order, PageDocument, Pages, Search
from portal.domain.access import Actor, Permission
from portal.domain.audit import AUDIT_SORTS, AuditQuery
from portal.domain.page import LONGEST_PAGE
from portal.wiring import core

router = APIRouter(tags=["audit"])
Reader = Annotated[Actor, permitted(Permission.AUDIT_READ)]
Exporter = Annotated[Actor, permitted(Permission.AUDIT_EXPORT)]
Moment = Annotated[AwareDatetime | None, Field(description="A time with its zone, as in 2026-01-31T08:00:00Z.")]
Sequence = Annotated[int, Path(ge=1, le=10**12)]


class AuditWish(Order):
    """Which entries are wanted: each filter that is given must hold."""

    actor: NameFilter = ""
    action: NameFilter = ""
    target_kind: NameFilter = ""
    target: str = Field(default="", max_length=300)
    environment: NameFilter = ""
    text: Search = ""
    since: Moment = None
    until: Moment = None


class AuditFilter(AuditWish):
    sort: Literal[*AUDIT_SORTS] = "-at"  # type: ignore[valid-type]
    offset: int = Field(default=0, ge=0, le=1_000_000_000, description="How many to leave out.")
    limit: int = Field(default=50, ge=1, le=LONGEST_PAGE, description="How many to give at most.")


class AuditExport(AuditWish):
    form: Literal["jsonl", "csv"] = "jsonl"
    lang: Literal["zh", "en"] | None = Field(default=None, description="Of the sentences in CSV.")


@router.get("/audit")
def list_audit_entries(
    actor: Reader, pages: Pages, wanted: Annotated[AuditFilter, Query()]
) -> PageDocument[AuditEntryDocument]:
    """The newest first unless `sort` says otherwise, of those environments whose trail you may read."""
    return pages.show(core().audit.page(actor, AuditQuery(**wanted.model_dump())), AuditEntryDocument)


@router.get("/audit/verification")
def verify_audit(actor: Reader) -> AuditReportDocument:
    """Reads the whole trail and compares it with itself and with all anchors."""
    return AuditReportDocument.of(core().audit.verify(actor))


_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/jsonl": {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}},
        "description": "One entry a line.",
    }
}


@router.get("/audit/export", response_class=StreamingResponse, responses=_LINES)
def export_audit(actor: Exporter, wanted: Annotated[AuditExport, Query()]) -> StreamingResponse:
    """The oldest first, as JSON lines or CSV. Without any filter all anchors follow in JSON lines, so that it can be
    verified without the portal. That it was asked for is itself recorded.
    """
    filters = wanted.model_dump(exclude={"form", "lang"}, exclude_defaults=True)
    language.set(wanted.lang or language.get())
    if wanted.form == "csv":
        return _download(table(core().audit.exported(actor, AuditQuery(**filters), form="csv")), "csv")
    return _download(_ended(core().audit.export(actor, AuditQuery(**filters) if filters else None)), "jsonl")


@router.get("/audit/{sequence}")
def show_audit_entry(actor: Reader, sequence: Sequence) -> AuditEntryDocument:
    return AuditEntryDocument.of(core().audit.entry(actor, sequence))


@router.get("/audit/{sequence}/proof")
def prove_audit_entry(actor: Reader, sequence: Sequence) -> EntryProofDocument:
    """Its own hash, the entry before it, and its place in the Merkle tree (RFC 9162) under the newest signed anchor."""
    return EntryProofDocument.of(core().audit.proof(actor, sequence))


def _download(lines: Iterable[str], form: str) -> StreamingResponse:
    media_type = {"jsonl": "application/jsonl", "csv": "text/csv"}[form]
    headers = {"Content-Disposition": f'attachment; filename="audit.{form}"'}
    spoken = copy_context()  # the framework asks for each line in another context, in which no language is set
    remaining = iter(lines)
    following = iter(lambda: spoken.run(next, remaining, None), None)
    return StreamingResponse(following, media_type=media_type, headers=headers)


def _ended(lines: Iterator[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)
