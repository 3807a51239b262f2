"""The audit trail: written in the transaction of every change, verified, anchored and exported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from sqlmodel import Session

from portal.domain.access import EVERYWHERE, Actor, Permission, demand, environments_with
from portal.domain.audit import (
    AUDIT_SORTS,
    GENESIS,
    Anchor,
    AuditEntry,
    AuditQuery,
    AuditReport,
    EntryProof,
    canonical,
    entry_body,
    entry_hash,
    leaf_hash,
)
from portal.domain.errors import Conflict, NotFound
from portal.domain.lists import check_sort
from portal.domain.merkle import Blocks, Frontier
from portal.domain.merkle import is_included as is_included_in
from portal.domain.page import Page
from portal.kit import ed25519
from portal.kit.context import request_id
from portal.ports.clock import Clock
from portal.services.signing import Sign, Signer
from portal.store import audit as store
from portal.store import audit_search
from portal.store.anchor_file import append_anchor, read_anchors
from portal.store.database import Database

Progress = Callable[[int], None]
LONGEST_REASON, LONGEST_NAME, MOST_PARAMS = 2000, 300, 40
TOLD_EVERY = 1000
_FILTERS = ("actor", "action", "target_kind", "target", "environment", "text", "since", "until")


class Audit:
    """`anchor_file`: where signed anchors are copied to, outside the database; None keeps them in it alone."""

    def __init__(
        self, database: Database, clock: Clock, *, anchor_file: Path | None = None, sign: Sign = ed25519.sign
    ) -> None:
        self._database, self._clock, self._anchor_file = database, clock, anchor_file
        self._signer = Signer(database, "audit-anchor", sign)
        self._frontier = Frontier()
        self._anchoring = Lock()
        self._blocks = Blocks(self._leaves)
        self.listeners: list[Callable[[Session, AuditEntry], None]] = []
        """Called in the transaction of each entry, after it is in the trail."""

    def record(self, session: Session, entry: AuditEntry) -> AuditEntry:
        """Append to the trail in the caller's transaction: it is there if and only if the change is.

        Call it last: on PostgreSQL every other change that is audited waits from here until this transaction ends. The
        request is filled in by itself. Sequence, time and hashes of the entry given are ignored.
        """
        kept = store.append(session, _bounded(entry), self._clock.now())
        for listener in self.listeners:
            listener(session, kept)
        return kept

    def page(self, actor: Actor, query: AuditQuery) -> Page[AuditEntry]:
        """In the order of the query, of those environments in which the actor may read the trail.

        Invalid("sort_bad").
        """
        demand(actor, Permission.AUDIT_READ)
        check_sort(query.sort, AUDIT_SORTS)
        with self._database.reading() as session:
            return audit_search.page(session, query, environments_with(actor, Permission.AUDIT_READ))

    def entry(self, actor: Actor, sequence: int) -> AuditEntry:
        """NotFound("audit_entry_missing"), also for one of an environment whose trail the actor may not read."""
        demand(actor, Permission.AUDIT_READ)
        environments = environments_with(actor, Permission.AUDIT_READ)
        with self._database.reading() as session:
            found = store.get(session, sequence)
        if environments is not None and found.environment not in environments:
            raise NotFound("audit_entry_missing", sequence=sequence)
        return found

    def actors(self, actor: Actor) -> tuple[str, ...]:
        """Whom the entries that the actor may read name as acting; 200 at most."""
        demand(actor, Permission.AUDIT_READ)
        with self._database.reading() as session:
            return audit_search.actors(session, environments_with(actor, Permission.AUDIT_READ))

    def verify(self, actor: Actor, *, on_progress: Progress = lambda entries: None) -> AuditReport:
        """Read the whole trail (tens of thousands of entries a second), compare it with itself and all anchors.

        `on_progress` is told now and then how many entries were read.
        """
        demand(actor, Permission.AUDIT_READ, EVERYWHERE)
        anchors = self._anchors_by_size()
        if any(not self._is_ours(anchor) for group in anchors.values() for anchor in group):
            return AuditReport(False, 0, len(anchors), "", code="forged")
        return _verified(_counted(store.in_order(self._database), on_progress), anchors)

    def export(self, actor: Actor, query: AuditQuery | None = None) -> Iterator[str]:
        """The entries that are wanted, one JSON object a line, the oldest first. That it was asked for is itself
        recorded.

        Without a query and with the permission everywhere it is the whole trail, and all anchors follow it: that can
        be verified without the portal.
        """
        entries = self.exported(actor, query or AuditQuery(), form="jsonl")
        is_whole = query is None and environments_with(actor, Permission.AUDIT_EXPORT) is None
        return self._lines(entries, with_anchors=is_whole)

    def exported(self, actor: Actor, query: AuditQuery, *, form: str) -> Iterator[AuditEntry]:
        """The same as entries, from the environments in which the actor may export; read in slices while it goes."""
        demand(actor, Permission.AUDIT_EXPORT)
        environments = environments_with(actor, Permission.AUDIT_EXPORT)
        named = {name: str(getattr(query, name)) for name in _FILTERS if getattr(query, name)}
        with self._database.transaction() as session:
            asked = AuditEntry(
                actor.name, actor.kind, "audit.exported", "audit", "audit", params={"form": form} | named
            )
            self.record(session, asked)
            wanted = audit_search.conditions(session, query, environments)
        return store.in_order(self._database, *wanted)

    def proof(self, actor: Actor, sequence: int) -> EntryProof:
        """What speaks for the entry, looked at now: its own hash, the entry before it, the newest anchor.

        NotFound("audit_entry_missing").
        """
        entry = self.entry(actor, sequence)
        with self._database.reading() as session:
            anchor = store.newest_anchor(session)
            before = store.get(session, sequence - 1).hash if sequence > 1 else GENESIS
        proof = EntryProof(entry_hash(entry) == entry.hash, entry.previous_hash == before)
        if anchor is None or sequence > anchor.size:
            return proof
        found = self._blocks.proof(sequence - 1, anchor.size)
        is_included = is_included_in(found) and (found.root, found.leaf) == (anchor.root, leaf_hash(entry.hash).hex())
        signed = self._is_ours(anchor)
        return replace(proof, anchor=anchor, inclusion=found, is_included=is_included, is_signed=signed)

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
        signed = self._signer.sign(_statement(frontier.size, root))
        anchor = Anchor(frontier.size, root, self._clock.now(), signed.signature)
        if self._anchor_file is not None:
            append_anchor(self._anchor_file, anchor, public_key=signed.public_key)
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

    def _leaves(self, first: int, last: int) -> list[bytes]:
        """The leaves of the tree from number `first` to before `last`; NotFound("audit_entry_missing") for a gap."""
        with self._database.reading() as session:
            found = store.hashes(session, first + 1, last)
        if len(found) != last - first:
            raise NotFound("audit_entry_missing", sequence=first + 1)
        return [leaf_hash(digest) for _, digest in found]

    def _lines(self, entries: Iterator[AuditEntry], *, with_anchors: bool) -> Iterator[str]:
        for entry in entries:
            yield canonical({**entry_body(entry), "hash": entry.hash})
        if not with_anchors:
            return
        with self._database.reading() as session:
            anchors = store.anchors(session)
        for anchor in anchors:
            signed = {"size": anchor.size, "root": anchor.root, "signature": anchor.signature}
            yield canonical({"anchor": {**signed, "at": anchor.at.timestamp()}})


def _statement(size: int, root: str) -> str:
    return f"{size}:{root}"


def _counted(entries: Iterator[AuditEntry], on_progress: Progress) -> Iterator[AuditEntry]:
    for number, entry in enumerate(entries, start=1):
        yield entry
        if number % TOLD_EVERY == 0:
            on_progress(number)


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
