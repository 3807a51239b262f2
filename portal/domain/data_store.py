"""Data of an environment: volumes and databases, copied from one environment to another, masked on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from portal.domain.environment import Stage
from portal.domain.errors import Invalid
from portal.domain.service import check_name

PROTECTED = frozenset({Stage.PROD, Stage.DR})
APPROVALS_INTO_PROTECTED = 2
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]{0,62}", re.ASCII)
_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", re.ASCII)
_USER = re.compile(r"\d{1,7}(?::\d{1,7})?", re.ASCII)
_TABLE = re.compile(r"[^\s.\"'`\\\0]{1,63}(?:\.[^\s.\"'`\\\0]{1,63})?")
_COLUMN = re.compile(r"[^\s.\"'`\\\0]{1,63}")


class StoreKind(StrEnum):
    VOLUME = "volume"
    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"


class MaskKind(StrEnum):
    """`hash` is keyed and always the same for the same value, so that keys stay joinable."""

    HASH = "hash"
    EMAIL = "email"
    NAME = "name"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Mask:
    """What becomes of one column when it leaves the environment. What no mask names is kept."""

    table: str
    column: str
    kind: MaskKind


@dataclass(frozen=True, slots=True)
class DataStore:
    """`image` has the tools: tar for a volume, the database's own programs for a database.

    A volume is `volume`, whose files belong to `user` (a number, or two with a colon). A database is at `host`:`port`
    and is asked as `user`; its password is kept apart.
    """

    environment: str
    name: str
    kind: StoreKind
    image: str
    volume: str = ""
    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""
    masks: tuple[Mask, ...] = ()
    has_password: bool = False


def check_store(store: DataStore) -> DataStore:
    """Invalid(…, field=…) for what cannot be reached or read."""
    check_name(store.name)
    if not 1 <= len(store.image) <= 255 or any(c.isspace() for c in store.image):
        raise Invalid("store_image_bad", field="image")
    return _check_volume(store) if store.kind is StoreKind.VOLUME else _check_database(store)


def _check_volume(store: DataStore) -> DataStore:
    if not _VOLUME.fullmatch(store.volume):
        raise Invalid("store_volume_bad", field="volume")
    if store.user and not _USER.fullmatch(store.user):
        raise Invalid("store_user_bad", field="user")
    if store.masks:
        raise Invalid("mask_of_volume", field="masks")
    return store


def _check_database(store: DataStore) -> DataStore:
    if not _HOST.fullmatch(store.host) or not 1 <= store.port <= 65_535:
        raise Invalid("store_host_bad", field="host")
    for name in ("database", "user"):
        if not _PLAIN.fullmatch(str(getattr(store, name))):
            raise Invalid("store_database_bad", field=name)
    return _check_masks(store)


def _check_masks(store: DataStore) -> DataStore:
    seen = {(mask.table, mask.column) for mask in store.masks}
    if len(store.masks) > 500 or len(seen) != len(store.masks):
        raise Invalid("masks_bad", field="masks")
    for mask in store.masks:
        if not _TABLE.fullmatch(mask.table) or not _COLUMN.fullmatch(mask.column):
            raise Invalid("mask_column_bad", field="masks", column=f"{mask.table}.{mask.column}"[:80])
    return store


def parse_masks(text: str) -> tuple[Mask, ...]:
    """A line each: `table.column kind`. Invalid("mask_line_bad", line=…)."""
    found: list[Mask] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        place, _, kind = line.strip().rpartition(" ")
        table, _, column = place.strip().rpartition(".")
        if not table or kind not in tuple(MaskKind):
            raise Invalid("mask_line_bad", field="masks", line=number)
        found.append(Mask(table, column, MaskKind(kind)))
    return tuple(found)


def masks_text(masks: tuple[Mask, ...]) -> str:
    return "\n".join(f"{mask.table}.{mask.column} {mask.kind}" for mask in masks)


def about_store(environment: str, name: str) -> str:
    """What the password of a store is sealed for."""
    return f"data store {environment}/{name}"


class CopyState(StrEnum):
    AWAITING = "awaiting_approval"
    STARTED = "started"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class CopyApproval:
    by: str
    is_approved: bool
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DataCopy:
    """A copy that somebody asked for. `result` is what was counted, once it is verified."""

    id: int
    source: tuple[str, str]  # environment and name of the store
    target: tuple[str, str]
    requested_by: str
    reason: str
    created_at: datetime
    state: CopyState
    needed: int = 0
    approvals: tuple[CopyApproval, ...] = ()
    job_id: int | None = None
    result: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def given(self) -> int:
        return sum(approval.is_approved for approval in self.approvals)


@dataclass(frozen=True, slots=True)
class Taint:
    """Where the data of a store came from: an environment whose data must not be everywhere."""

    environment: str
    name: str
    origin: str
    is_masked: bool
    copy_id: int
    at: datetime
    volume: str = ""


def check_copy(source: DataStore, target: DataStore) -> None:
    """Invalid(…) for a copy of one kind into another, or onto itself."""
    if source.kind is not target.kind:
        raise Invalid("copy_kinds_differ", field="target", source=source.kind, target=target.kind)
    if _place(source) == _place(target):
        raise Invalid("copy_onto_itself", field="target")


def _place(store: DataStore) -> tuple[str, ...]:
    if store.kind is StoreKind.VOLUME:
        return (store.volume,)
    return (store.host.lower(), str(store.port), store.database)


def approvals_needed(stage: Stage) -> int:
    """How many people other than the requester must agree before data there is overwritten."""
    return APPROVALS_INTO_PROTECTED if stage in PROTECTED else 0
