"""All that a person needs to decide about a rollout, gathered for one page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from portal.domain.access import Role
from portal.domain.audit import AuditEntry
from portal.domain.operation import StepStatus
from portal.domain.plan import Plan, Step
from portal.domain.rollout import Action, Approval, Cause, Rollout
from portal.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class StepView:
    step: Step
    status: StepStatus
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReplicaView:
    """One container of the stable (`is_candidate` False) or new version: the proxy's word, restarts, memory in
    bytes.
    """

    name: str
    address: str
    is_candidate: bool
    server: str
    is_running: bool
    restarts: int = 0
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RolloutView:
    """`refusals` has every action; its value is None where the viewer may do it now, else the error code that says
    why not. It alone depends on who looks.

    `live_percent` is what the proxy really does; `requests_per_second` the mean of the last ten seconds of both
    versions. `sampling` is the smallest share of the requests that the verdict saw in any second: below 1 a random part
    stood for traffic too heavy to evaluate whole. `evidence_hash` has to be sent along with an approval. `return_ms` is
    the measured or, before, the expected time of a rollback; `is_return_warm` says whether the old version still has
    healthy containers up, `is_running` whether the new one is what is deployed there now.
    """

    rollout: Rollout
    steps: tuple[StepView, ...]
    refusals: dict[Action, str | None]
    verdict: Verdict | None = None
    approver_role: Role = Role.RELEASE_MANAGER
    approvals: tuple[Approval, ...] = ()
    evidence_hash: str = ""
    evidence_at: datetime | None = None
    replicas: tuple[ReplicaView, ...] = ()
    live_percent: int | None = None
    is_proxy_alive: bool = True
    is_engine_reachable: bool = True
    requests_per_second: float = 0.0
    failed_requests: int = 0
    sampling: float = 1.0
    is_return_warm: bool = False
    is_running: bool = False
    frozen_by: str = ""
    break_glass_by: tuple[str, ...] = ()
    timeline: tuple[AuditEntry, ...] = ()
    changes: Changes | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different in the new version."""

    from_image: str
    to_image: str
    from_commit: str = ""
    to_commit: str = ""
    notes: str = ""
    is_signed: bool = False
    dependants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a start would do: the resolved steps, how long they should take without approvals, and what forbids
    it now.
    """

    plan: Plan
    plan_text: str
    steps: tuple[Step, ...]
    expected_seconds: float
    from_version: str
    refusal: Cause | None = None
    warnings: tuple[Cause, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class SamplePoint:
    """One point of the charts: `seconds` wide, both versions side by side. Rates in 0 … 1, latency p95 in
    milliseconds.
    """

    at: int
    seconds: int
    stable_requests: int = 0
    canary_requests: int = 0
    stable_errors: int = 0
    canary_errors: int = 0
    stable_p95_ms: float | None = None
    canary_p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One service in one environment, for the overview. `health`: ok, degraded, failing, waiting or none."""

    service: str
    environment: str
    version: str = ""
    health: str = "none"
    replicas_up: int = 0
    replicas: int = 0
    rollout_id: int | None = None
    rollout_state: str = ""
    to_version: str = ""
    percent: int = 0
