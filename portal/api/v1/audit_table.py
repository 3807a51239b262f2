"""The audit trail as a table for spreadsheets (RFC 4180), whose cells no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from portal.api.languages import audit_sentence, sentence
from portal.domain.audit import AuditEntry

COLUMNS = ("sequence", "at", "actor", "text", "action", "target_kind", "target", "environment", "reason", "hash")
_BYTE_ORDER_MARK = "\ufeff"  # or some spreadsheets take Chinese for something else
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def table(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """A line of headings in the language of the request, then one line an entry."""
    yield _BYTE_ORDER_MARK + _line(sentence(f"cli.column.{name}") for name in COLUMNS)
    for entry in entries:
        yield _line(harmless(cell) for cell in _cells(entry))


def harmless(cell: str) -> str:
    """A cell that would be a formula begins with an apostrophe instead (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA_BEGINS) else cell


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    at = entry.at.isoformat(timespec="milliseconds") if entry.at else ""
    return (
        str(entry.sequence),
        at,
        entry.actor,
        audit_sentence(entry),
        entry.action,
        entry.target_kind,
        entry.target,
        entry.environment,
        entry.reason,
        entry.hash,
    )


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
