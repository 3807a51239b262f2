"""The audit trail: written in the transaction of every change, verified, anchored and exported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, environments_with
from portal.domain.audit import (
    GENESIS,
    Anchor,
    AuditEntry,
    AuditQuery,
    AuditReport,
    canonical,
    entry_body,
    entry_hash,
    leaf_hash,
)
from portal.domain.errors import Conflict, NotFound
from portal.domain.merkle import Frontier, InclusionProof, inclusion_proof
from portal.domain.page import Page
from portal.kit.context import request_id
from portal.ports.clock import Clock
from portal.services.signing import Signer
from portal.store import audit as store
from portal.store.anchor_file import append_anchor, read_anchors
from portal.store.database import Database

LONGEST_REASON, LONGEST_NAME, MOST_PARAMS = 2000, 300, 40


class Audit:
    """`anchor_file`: where signed anchors are copied to, outside the database; None keeps them in it alone."""

    def __init__(self, database: Database, clock: Clock, *, anchor_file: Path | None = None) -> None:
        self._database, self._clock, self._anchor_file = database, clock, anchor_file
        self._signer = Signer(database, "audit-anchor")
        self._frontier = Frontier()
        self._anchoring = Lock()

    def record(self, session: Session, entry: AuditEntry) -> AuditEntry:
        """Append to the trail in the caller's transaction: it is there if and only if the change is.

        Call it last: on PostgreSQL every other change that is audited waits from here until this transaction ends. The
        request is filled in by itself. Sequence, time and hashes of the entry given are ignored.
        """
        return store.append(session, _bounded(entry), self._clock.now())

    def page(self, actor: Actor, query: AuditQuery) -> Page[AuditEntry]:
        """Newest first, of those environments in which the actor may read the trail."""
        demand(actor, Permission.AUDIT_READ)
        with self._database.reading() as session:
            return store.page(session, query, environments_with(actor, Permission.AUDIT_READ))

    def verify(self, actor: Actor) -> AuditReport:
        """Read the whole trail (tens of thousands of entries a second), compare it with itself and all anchors."""
        demand(actor, Permission.AUDIT_READ, EVERYWHERE)
        anchors = self._anchors_by_size()
        if any(not self._is_ours(anchor) for group in anchors.values() for anchor in group):
            return AuditReport(False, 0, len(anchors), "", code="forged")
        return _verified(store.in_order(self._database), anchors)

    def export(self, actor: Actor) -> Iterator[str]:
        """All entries, then all anchors, one JSON object a line. That it was asked for is itself recorded."""
        demand(actor, Permission.AUDIT_EXPORT, EVERYWHERE)
        with self._database.transaction() as session:
            self.record(session, AuditEntry(actor.name, actor.kind, "audit.exported", "audit", "audit"))
        return self._lines()

    def proof(self, actor: Actor, sequence: int) -> InclusionProof:
        """That the entry is in the tree of the newest anchor. NotFound("audit_entry_missing") if it is younger."""
        demand(actor, Permission.AUDIT_READ, EVERYWHERE)
        with self._database.reading() as session:
            anchor = store.newest_anchor(session)
        if anchor is None or not 1 <= sequence <= anchor.size:
            raise NotFound("audit_entry_missing", sequence=sequence)
        found = store.hashes_after(self._database, 0)
        leaves = [leaf_hash(digest) for number, digest in found if number <= anchor.size]
        return inclusion_proof(leaves, sequence - 1)

    def anchor(self) -> Anchor | None:
        """Sign how long the trail is and what its root is, and copy that out; None if nothing was added since.

        Conflict("audit_cut") if entries that were seen before are gone.
        """
        with self._anchoring:
            with self._database.reading() as session:
                newest, size = store.newest_anchor(session), store.size(session)
            signed = newest.size if newest else 0
            if size < max(signed, self._frontier.size):
                raise Conflict("audit_cut", entries=size, expected=max(signed, self._frontier.size))
            if size == signed:
                return None
            self._frontier = self._frontier.grown(self._leaves_after(self._frontier.size))
            return self._sign(self._frontier)

    def public_key(self) -> str:
        """The Ed25519 key by which anchors can be checked anywhere, in hex."""
        return self._signer.public_key

    def _sign(self, frontier: Frontier) -> Anchor:
        root = frontier.root.hex()
        anchor = Anchor(frontier.size, root, self._clock.now(), self._signer.sign(_statement(frontier.size, root)))
        if self._anchor_file is not None:
            append_anchor(self._anchor_file, anchor, public_key=self.public_key())
        with self._database.transaction() as session:
            store.add_anchor(session, anchor)
        return anchor

    def _leaves_after(self, size: int) -> Iterator[bytes]:
        for number, digest in store.hashes_after(self._database, size):
            size += 1
            if number != size:
                raise Conflict("audit_cut", entries=size - 1, expected=number)
            yield leaf_hash(digest)

    def _anchors_by_size(self) -> Mapping[int, list[Anchor]]:
        grouped: dict[int, list[Anchor]] = defaultdict(list)
        copies = read_anchors(self._anchor_file) if self._anchor_file else ()
        with self._database.reading() as session:
            for anchor in (*store.anchors(session), *copies):
                grouped[anchor.size].append(anchor)
        return grouped

    def _is_ours(self, anchor: Anchor) -> bool:
        return self._signer.is_signed(_statement(anchor.size, anchor.root), anchor.signature)

    def _lines(self) -> Iterator[str]:
        for entry in store.in_order(self._database):
            yield canonical({**entry_body(entry), "hash": entry.hash})
        with self._database.reading() as session:
            anchors = store.anchors(session)
        for anchor in anchors:
            signed = {"size": anchor.size, "root": anchor.root, "signature": anchor.signature}
            yield canonical({"anchor": {**signed, "at": anchor.at.timestamp()}})


def _statement(size: int, root: str) -> str:
    return f"{size}:{root}"


def _verified(entries: Iterator[AuditEntry], anchors: Mapping[int, list[Anchor]]) -> AuditReport:
    frontier, previous = Frontier(), GENESIS
    for entry in entries:
        code = _misfit(entry, previous, frontier.size + 1)
        if not code:
            frontier, previous = frontier.grown((leaf_hash(entry.hash),)), entry.hash
            code = "" if _agrees(frontier, anchors.get(frontier.size, ())) else "rewritten"
        if code:
            return _report(frontier, anchors, code=code, broken_at=entry.sequence)
    if any(size > frontier.size for size in anchors):
        return _report(frontier, anchors, code="cut", broken_at=frontier.size + 1)
    return _report(frontier, anchors)


def _report(
    frontier: Frontier, anchors: Mapping[int, list[Anchor]], *, code: str = "intact", broken_at: int | None = None
) -> AuditReport:
    return AuditReport(code == "intact", frontier.size, len(anchors), frontier.root.hex(), broken_at, code)


def _misfit(entry: AuditEntry, previous: str, expected: int) -> str:
    if entry.sequence != expected:
        return "gap"
    return "" if entry.previous_hash == previous and entry_hash(entry) == entry.hash else "edited"


def _agrees(frontier: Frontier, anchors: list[Anchor] | tuple[()]) -> bool:
    return not anchors or all(anchor.root == frontier.root.hex() for anchor in anchors)


def _bounded(entry: AuditEntry) -> AuditEntry:
    params = dict(list(entry.params.items())[:MOST_PARAMS])
    return replace(
        entry,
        actor=_clean(entry.actor),
        action=_clean(entry.action),
        target_kind=_clean(entry.target_kind),
        target=_clean(entry.target),
        environment=_clean(entry.environment),
        reason=_clean(entry.reason, LONGEST_REASON),
        params={_clean(name): _clean(str(value), LONGEST_REASON) for name, value in params.items()},
        request_id=_clean(entry.request_id or request_id.get()),
    )


def _clean(text: str, longest: int = LONGEST_NAME) -> str:
    """Text that every database can keep and that hashes the same when read again."""
    return text[:longest].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
