"""The tables of services, environments, releases and rollouts. Rows never leave the store."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from portal.store.database import UtcTime

Json = dict[str, Any]
ByteOrder = String().with_variant(String(collation="C"), "postgresql")
"""Text that is ordered byte by byte in both databases."""


class ServiceRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "service"
    name: str = Field(primary_key=True, max_length=40)
    repository: str
    document: Json = Field(sa_type=JSON)
    updated_at: datetime = Field(sa_type=UtcTime)


class ServiceRevisionRow(SQLModel, table=True):
    """How a service was set from a moment on."""

    __tablename__: ClassVar[Any] = "service_revision"
    __table_args__ = (Index("service_revision_order", "service", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    service: str = Field(foreign_key="service.name")
    at: datetime = Field(sa_type=UtcTime)
    by: str = ""
    document: Json = Field(sa_type=JSON)


class EnvironmentRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "environment"
    name: str = Field(primary_key=True, max_length=40)
    position: int = Field(index=True)
    document: Json = Field(sa_type=JSON)
    updated_at: datetime = Field(sa_type=UtcTime)


class FreezeRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "freeze_window"
    id: int | None = Field(default=None, primary_key=True)
    environment: str = Field(index=True)
    document: Json = Field(sa_type=JSON)


class ReleaseRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "release"
    __table_args__ = (
        UniqueConstraint("service", "version"),
        Index("release_order", "service", "created_at"),
        Index("release_by_version", "service", "version_key"),
        Index("release_list", "created_at", "id", "created_by", "service", "search"),
    )
    id: int | None = Field(default=None, primary_key=True)
    service: str = Field(foreign_key="service.name", index=True)
    version: str = Field(max_length=100)
    image: str
    commit: str = ""
    notes: str = ""
    created_by: str
    created_at: datetime = Field(sa_type=UtcTime)
    is_irreversible: bool = False
    signatures: list[Any] = Field(default_factory=list, sa_type=JSON)
    version_key: str = Field(default="", sa_type=ByteOrder)
    search: str = ""  # what the list looks for text in, in lower case


class DeploymentRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "deployment"
    service: str = Field(primary_key=True, foreign_key="service.name")
    environment: str = Field(primary_key=True, foreign_key="environment.name")
    version: str
    image: str
    slot: str
    replicas: int
    rollout_id: int | None = None
    deployed_by: str = ""
    deployed_at: datetime = Field(sa_type=UtcTime)
    configuration: int = 0


class ReplicaRow(SQLModel, table=True):
    """One container that is wanted. `is_routed`: the proxy should know it."""

    __tablename__: ClassVar[Any] = "replica"
    name: str = Field(primary_key=True)
    service: str = Field(index=True)
    environment: str
    slot: str
    version: str
    image: str
    number: int
    address: str = Field(unique=True)
    port: int
    is_routed: bool = False
    operation_id: int
    configuration: int = 0


class ContainerHoldRow(SQLModel, table=True):
    """A container that somebody stopped: it is not started again by itself."""

    __tablename__: ClassVar[Any] = "container_hold"
    name: str = Field(primary_key=True)
    by: str
    reason: str
    at: datetime = Field(sa_type=UtcTime)


class RetiredAddressRow(SQLModel, table=True):
    """An address that was given back, and when: not used again for a while, so that no late request meets a
    stranger.
    """

    __tablename__: ClassVar[Any] = "retired_address"
    address: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcTime)


class RouteRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "route"
    service: str = Field(primary_key=True)
    environment: str = Field(primary_key=True)
    stable_slot: str
    candidate_percent: int = 0
    blue_version: str = ""
    green_version: str = ""
    is_shielded: bool = False


class CounterRow(SQLModel, table=True):
    """Numbers that only grow: `routing` is the revision of the routing table."""

    __tablename__: ClassVar[Any] = "counter"
    name: str = Field(primary_key=True)
    value: int = 0


class OperationRow(SQLModel, table=True):
    """`lock` is the target while the operation holds it, and unique: one active operation a target."""

    __tablename__: ClassVar[Any] = "operation"
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    target: str = Field(index=True)
    lock: str | None = Field(default=None, unique=True)
    is_over: bool = Field(default=False, index=True)
    plan_version: int = 1
    owner: str = ""
    fence: int = 0
    lease_until: float = 0.0
    wake_at: float = Field(default=0.0, index=True)
    created_at: datetime = Field(sa_type=UtcTime)


class OperationStepRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "operation_step"
    operation_id: int = Field(primary_key=True, foreign_key="operation.id")
    index: int = Field(primary_key=True, sa_column_kwargs={"name": "idx"})
    name: str
    status: str
    attempts: int = 0
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    result: str = ""


class EffectRow(SQLModel, table=True):
    """The journal of effects: written before one is performed, completed after it was verified."""

    __tablename__: ClassVar[Any] = "operation_effect"
    id: int | None = Field(default=None, primary_key=True)
    operation_id: int = Field(foreign_key="operation.id", index=True)
    effect: str
    name: str = ""
    percent: int = 0
    fence: int
    started_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    error: str = ""


_NOT_OVER = text("ended_at IS NULL")


class RolloutRow(SQLModel, table=True):
    """The list is answered from `rollout_list` alone, whichever filters it has: no other index may begin with a
    column that is filtered by itself, or it would be taken and every row read.
    """

    __tablename__: ClassVar[Any] = "rollout"
    __table_args__ = (
        Index(
            "rollout_list",
            *("created_at", "id", "service", "environment", "state", "strategy"),
            *("requested_by", "to_version", "ended_at", "search"),
        ),
        Index("rollout_promoted", "is_promoted", "service", "environment", "id"),
        # On PostgreSQL too, by its migration: to name that here would load its dialect (2 MB) where SQLite is in use.
        Index("rollout_active", "id", sqlite_where=_NOT_OVER),
    )
    id: int = Field(primary_key=True, foreign_key="operation.id")
    service: str
    environment: str
    state: str
    document: Json = Field(sa_type=JSON)  # what never changes: versions, images, plan, steps, slot
    cursor: int = 0
    percent: int = 0
    requested_by: str
    reason: str
    created_at: datetime = Field(sa_type=UtcTime)
    strategy: str = ""
    to_version: str = ""
    search: str = ""  # what the list looks for text in, in lower case
    state_since: datetime = Field(sa_type=UtcTime)
    step_since: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    pause: str | None = None
    cause: Json | None = Field(default=None, sa_type=JSON)
    note: Json | None = Field(default=None, sa_type=JSON)
    wish: Json = Field(default_factory=dict, sa_type=JSON)
    is_abort_wished: bool = False
    is_promoted: bool = False
    decided_at: datetime | None = Field(default=None, sa_type=UtcTime)
    last_answer_ms: float | None = None
    retries: int = 0
    revision: int = 0
    evidence: Json | None = Field(default=None, sa_type=JSON)
    evidence_second: int = 0
    evidence_hash: str = ""


class ApprovalRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "approval"
    id: int | None = Field(default=None, primary_key=True)
    rollout_id: int = Field(foreign_key="rollout.id", index=True)
    step: int
    by: str
    is_approved: bool
    reason: str
    evidence_hash: str
    at: datetime = Field(sa_type=UtcTime)
    is_void: bool = False


class BreakGlassRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "break_glass"
    rollout_id: int = Field(primary_key=True, foreign_key="rollout.id")
    by: str = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_type=UtcTime)


class TrafficSampleRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "traffic_sample"
    service: str = Field(primary_key=True)
    environment: str = Field(primary_key=True)
    second: int = Field(primary_key=True, sa_type=BigInteger)
    slot: str = Field(primary_key=True)
    requests: int = 0
    errors: int = 0
    forced: int = 0
    latency: Json = Field(default_factory=dict, sa_type=JSON)
    last_at: float | None = None
    sampling: float = 1.0


class AuditRow(SQLModel, table=True):
    """Each index ends in the sequence, so that what it finds is in order already."""

    __tablename__: ClassVar[Any] = "audit"
    __table_args__ = tuple(
        Index(f"audit_by_{name}", name, "sequence") for name in ("actor", "action", "target", "environment")
    )
    sequence: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcTime, index=True)
    actor: str
    actor_kind: str
    action: str
    target_kind: str
    target: str
    environment: str = ""
    reason: str = ""
    params: Json = Field(default_factory=dict, sa_type=JSON)
    request_id: str = ""
    previous_hash: str
    hash: str


class AnchorRow(SQLModel, table=True):
    __tablename__: ClassVar[Any] = "audit_anchor"
    size: int = Field(primary_key=True)
    root: str
    at: datetime = Field(sa_type=UtcTime)
    signature: str


class SearchEntryRow(SQLModel, table=True):
    """A release or rollout that is in the index of words, under this id."""

    __tablename__: ClassVar[Any] = "search_entry"
    __table_args__ = (UniqueConstraint("kind", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    number: int


class IdempotencyRow(SQLModel, table=True):
    """What was answered to a request with this key, so that a repetition gets the same answer and does nothing."""

    __tablename__: ClassVar[Any] = "idempotency"
    actor: str = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    fingerprint: str
    answer: str
    at: datetime = Field(sa_type=UtcTime)


class PortalKeyRow(SQLModel, table=True):
    """Small secrets of the portal itself, such as the key that signs anchors."""

    __tablename__: ClassVar[Any] = "portal_key"
    name: str = Field(primary_key=True)
    value: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
