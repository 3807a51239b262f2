"""REST: what is shown of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from portal.api.languages import audit_sentence, sentence
from portal.api.v1.documents import Document
from portal.domain.audit import AuditEntry, AuditReport, EntryProof
from portal.wiring import core


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


class AnchorDocument(Document):
    """A signed statement of how long the trail was and what its root was."""

    size: int
    root: str
    at: datetime
    signature: str = Field(description="Ed25519 over `size:root`, in hex.")


class InclusionDocument(Document):
    """The way from a leaf to the root: hash it with each of `path` in turn (RFC 9162, section 2.1.3.2)."""

    index: int = Field(description="Counted from 0.")
    size: int
    leaf: str
    path: list[str]
    root: str


class EntryProofDocument(Document):
    """What speaks for one entry. Without an anchor it is too young for one: a minute at most."""

    is_good: bool
    is_unchanged: bool = Field(description="Its content has its hash.")
    is_chained: bool = Field(description="It names the hash of the entry before it.")
    is_included: bool
    is_signed: bool
    anchor: AnchorDocument | None
    inclusion: InclusionDocument | None
    public_key: str = Field(default="", description="Ed25519, in hex: with it anybody can check the anchor.")

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, EntryProof)
        return cls.model_validate(shown).model_copy(update={"public_key": core().audit.public_key()})
