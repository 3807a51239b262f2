"""REST: what is shown of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from portal.api.languages import audit_sentence, sentence
from portal.api.v1.documents import Document
from portal.domain.audit import AuditEntry, AuditReport


class AuditEntryDocument(Document):
    """Who did what to which thing, and why."""

    sequence: int
    at: datetime | None
    actor: str
    actor_kind: str
    action: str
    text: str = Field(default="", description="What was done, in words.")
    target_kind: str
    target: str
    environment: str
    reason: str
    params: dict[str, str]
    request_id: str
    hash: str

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, AuditEntry)
        return cls.model_validate(shown).model_copy(update={"text": audit_sentence(shown)})


class AuditReportDocument(Document):
    """The outcome of a verification. `broken_at` is the first entry that does not fit, if any."""

    is_intact: bool
    code: str
    text: str = ""
    entries: int
    anchors: int
    root: str
    broken_at: int | None

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, AuditReport)
        text = sentence(f"audit_report.{shown.code}", entries=shown.entries, broken_at=shown.broken_at or "")
        return cls.model_validate(shown).model_copy(update={"text": text})
