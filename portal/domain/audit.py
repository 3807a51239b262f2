"""The audit trail: entries chained by hash, so that an edit shows, and a Merkle tree, so that a cut shows too.

Leaves and nodes are hashed as in RFC 6962 section 2.1 (0x00 before a leaf, 0x01 before a node).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.domain.merkle import InclusionProof

GENESIS = "0" * 64
AUDIT_SORTS = ("-at", "at", "actor", "-actor", "action", "-action", "target", "-target")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which thing, and why. Its words are `audit.<action>`, with `params` filled in."""

    actor: str
    actor_kind: str
    action: str
    target_kind: str
    target: str
    environment: str = ""
    reason: str = ""
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    request_id: str = ""
    sequence: int = 0
    at: datetime | None = None
    previous_hash: str = GENESIS
    hash: str = ""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries are wanted: each filter that is set must hold.

    Each word of `text` is in actor, action, target or reason. `sort` is one of AUDIT_SORTS, `-` for the largest first.
    """

    actor: str = ""
    action: str = ""
    target_kind: str = ""
    target: str = ""
    environment: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sort: str = "-at"
    offset: int = 0
    limit: int = 50


def entry_body(entry: AuditEntry) -> dict[str, object]:
    """Everything but the hash, as plain JSON values: what is hashed and what is exported."""
    return {
        "sequence": entry.sequence,
        "at": entry.at.timestamp() if entry.at else None,
        "actor": entry.actor,
        "actor_kind": entry.actor_kind,
        "action": entry.action,
        "target_kind": entry.target_kind,
        "target": entry.target,
        "environment": entry.environment,
        "reason": entry.reason,
        "params": dict(entry.params),
        "request_id": entry.request_id,
        "previous": entry.previous_hash,
    }


def canonical(body: Mapping[str, object]) -> str:
    """JSON that is the same for the same values: sorted keys, no spaces."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 of the canonical JSON of everything but the hash itself."""
    text = canonical(entry_body(entry))
    return hashlib.sha256(text.encode()).hexdigest()


def leaf_hash(entry_digest: str) -> bytes:
    return hashlib.sha256(b"\x00" + bytes.fromhex(entry_digest)).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The tree head of RFC 6962 over the leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        # Pairing level by level, an odd last node moving up as it is, gives the same tree as the RFC's recursion.
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed statement of how long the trail was and what its root was. `signature` is Ed25519 over `size:root`."""

    size: int
    root: str
    at: datetime
    signature: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The outcome of a verification. `broken_at` is the first sequence number that does not fit, if any.

    `code` is looked up as `audit_report.<code>`: intact; edited (an entry does not match its hash or the one before);
    gap (entries are missing inside); cut (an anchor speaks of more entries); rewritten (the entries fit each other but
    not an anchor); forged (an anchor's signature is not the portal's).
    """

    is_intact: bool
    entries: int
    anchors: int
    root: str
    broken_at: int | None = None
    code: str = "intact"


@dataclass(frozen=True, slots=True)
class EntryProof:
    """What speaks for one entry. `anchor` and `inclusion` are None until an anchor covers it, a minute at most.

    `is_unchanged`: its content has its hash; `is_chained`: it names the hash that the entry before it has now.
    """

    is_unchanged: bool
    is_chained: bool
    anchor: Anchor | None = None
    inclusion: InclusionProof | None = None
    is_included: bool = False
    is_signed: bool = False

    @property
    def is_anchored(self) -> bool:
        return self.anchor is not None

    @property
    def is_good(self) -> bool:
        """Nothing speaks against it; it may be too young for an anchor."""
        return self.is_unchanged and self.is_chained and (not self.is_anchored or (self.is_included and self.is_signed))
