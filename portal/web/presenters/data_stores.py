"""The data of an environment: stores with where their data came from, and copies with how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.access import Actor, Permission, may
from portal.domain.data_store import CopyState, DataCopy, DataStore, StoreKind, Taint, masks_text
from portal.web.presenters.marks import BAD, OK, RUN, WAIT, WARN, Badge, environment_words, epoch
from portal.web.words import Words, words


@dataclass(frozen=True, slots=True)
class StoreLine:
    name: str
    kind: Words
    where: str
    masks: Words
    is_tainted: bool
    taint: Badge
    can_edit: bool


@dataclass(frozen=True, slots=True)
class CopyLine:
    id: int
    source: str
    target: str
    by: str
    reason: str
    at: float
    badge: Badge
    href: str
    result: Words
    can_decide: bool


@dataclass(frozen=True, slots=True)
class StoreForm:
    """What the sheet shows; `is_open` says whether it does."""

    is_open: bool = False
    name: str = ""
    kind: str = "postgresql"
    image: str = ""
    volume: str = ""
    host: str = ""
    port: str = "5432"
    database: str = ""
    user: str = ""
    masks: str = ""
    has_password: bool = False


def store_form(store: DataStore) -> StoreForm:
    return StoreForm(
        is_open=True,
        name=store.name,
        kind=store.kind,
        image=store.image,
        volume=store.volume,
        host=store.host,
        port=str(store.port),
        database=store.database,
        user=store.user,
        masks=masks_text(store.masks),
        has_password=store.has_password,
    )


def store_lines(stores: Sequence[DataStore], taints: Sequence[Taint], *, can_edit: bool) -> list[StoreLine]:
    origins = {taint.name: taint for taint in taints}
    return [_store(store, origins.get(store.name), can_edit=can_edit) for store in stores]


def _store(store: DataStore, taint: Taint | None, *, can_edit: bool) -> StoreLine:
    is_volume = store.kind is StoreKind.VOLUME
    where = store.volume if is_volume else f"{store.user}@{store.host}:{store.port}/{store.database}"
    masks = Words() if is_volume else words("data.masks", n=len(store.masks))
    shown = Badge()
    if taint is not None:
        key = "data.from_masked" if taint.is_masked else "data.from_raw"
        tone = WARN if taint.is_masked else BAD
        shown = Badge(tone, "triangle-alert", words(key, environment=environment_words(taint.origin)))
    return StoreLine(store.name, words(f"data.{store.kind}"), where, masks, taint is not None, shown, can_edit)


def copy_line(copy: DataCopy, actor: Actor) -> CopyLine:
    badges = {
        CopyState.AWAITING: Badge(WAIT, "user-check", words("data.awaiting", given=copy.given, needed=copy.needed)),
        CopyState.REJECTED: Badge(BAD, "x", words("data.rejected")),
        CopyState.STARTED: Badge(RUN, "loader", words("data.started")),
    }
    done = Badge(OK, "check", words("data.verified"))
    answered = {given.by for given in copy.approvals} | {copy.requested_by}
    is_free = copy.state is CopyState.AWAITING and actor.human not in answered
    return CopyLine(
        id=copy.id,
        source="/".join(copy.source),
        target="/".join(copy.target),
        by=copy.requested_by,
        reason=copy.reason,
        at=epoch(copy.created_at),
        badge=done if copy.result else badges[copy.state],
        href=f"/operations/{copy.job_id}" if copy.job_id else "",
        result=_result(copy),
        can_decide=is_free and may(actor, Permission.ROLLOUT_APPROVE, copy.target[0]),
    )


def _result(copy: DataCopy) -> Words:
    told = copy.result
    if "rows" in told:
        return words("data.counted_rows", tables=told["tables"], rows=told["rows"], sum=told["checksum"][:12])
    if "files" in told:
        return words("data.counted_files", files=told["files"], bytes=told["bytes"], sum=told["checksum"][:12])
    return Words()
