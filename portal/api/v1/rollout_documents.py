"""REST: what is shown of rollouts and asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from portal.api.languages import error_sentence, sentence
from portal.api.v1.audit_documents import AuditEntryDocument
from portal.api.v1.documents import CauseDocument, Document, Finite, Order, cause_document
from portal.domain.operation import StepStatus
from portal.domain.plan import Step, StepKind, Strategy
from portal.domain.rollout import Action, PauseKind, Rollout, State
from portal.domain.rollout_view import Preview, RolloutView, StepView
from portal.domain.verdict import Outcome, Verdict


class RolloutOrderBody(Order):
    """What is to be rolled out. Without a plan the environment's own is used."""

    service: str = Field(max_length=40)
    environment: str = Field(max_length=40)
    version: str = Field(max_length=100)
    reason: str = Field(default="", max_length=500)
    plan: str | dict[str, object] | None = Field(
        default=None, description="As YAML text or as JSON; see /plans/schema."
    )
    is_superseding: bool = Field(default=False, description="Ends a rollout that is still running there.")


class ReturnOrder(Order):
    """Which earlier version to go back to."""

    service: str = Field(max_length=40)
    environment: str = Field(max_length=40)
    version: str = Field(max_length=100)
    reason: str = Field(max_length=500)


class ActionOrder(Order):
    """What a running rollout is asked to do. An approval has to send the `evidence_hash` that was shown."""

    action: Action
    reason: str = Field(max_length=500)
    evidence_hash: str = Field(default="", max_length=200)


class BulkOrder(Order):
    """Pause, resume or abort several rollouts, each by itself."""

    ids: list[int] = Field(min_length=1, max_length=100)
    action: Action
    reason: str = Field(max_length=500)


class BulkOutcome(Document):
    """Whether it was done to this one, and if not, why."""

    id: int
    is_done: bool
    code: str = ""
    text: str = ""


class BulkReport(Document):
    """One outcome for each rollout that was named."""

    outcomes: list[BulkOutcome]


class ReasonOrder(Order):
    reason: str = Field(max_length=500)


class StepDocument(Document):
    """One step; which of the numbers matter depends on the kind."""

    kind: StepKind
    text: str = ""
    percent: int
    ceiling: int
    replicas: int
    seconds: int
    approvals: int

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Step)
        return cls.model_validate(shown).model_copy(update={"text": sentence(f"stride.{shown.kind}")})


class StepProgress(StepDocument):
    status: StepStatus
    started_at: datetime | None
    ended_at: datetime | None


def step_progress(view: StepView) -> StepProgress:
    step = StepDocument.of(view.step).model_dump()
    return StepProgress(**step, status=view.status, started_at=view.started_at, ended_at=view.ended_at)


class RolloutDocument(Document):
    """One rollout as it stands. `percent` is the share of users asked for; `revision` grows with every change."""

    id: int
    service: str
    environment: str
    from_version: str
    to_version: str
    from_image: str
    to_image: str
    strategy: Strategy
    state: State
    state_text: str = ""
    is_over: bool = False
    cursor: int = Field(description="The index of the current step.")
    percent: int
    requested_by: str
    reason: str
    created_at: datetime | None
    state_since: datetime | None
    step_since: datetime | None
    ended_at: datetime | None
    pause: PauseKind | None
    cause: CauseDocument | None = Field(default=None, description="Why it stopped.")
    note: CauseDocument | None = Field(default=None, description="What it waits for.")
    is_irreversible: bool
    is_return: bool
    is_promoted: bool
    decided_at: datetime | None
    last_answer_ms: Finite = Field(description="From the decision to go back to the bad version's last answer.")
    revision: int

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Rollout)
        named = {name: getattr(shown, name) for name in cls.model_fields if hasattr(shown, name)}
        named |= {"cause": cause_document(shown.cause), "note": cause_document(shown.note)}
        return cls(**named | {"state_text": sentence(f"state.{shown.state}"), "is_over": shown.state.is_over})


class PreviewDocument(Document):
    """What a start would do. `refusal` says what forbids it now, if anything."""

    plan: str
    steps: list[StepDocument]
    expected_seconds: float
    from_version: str
    refusal: CauseDocument | None
    warnings: list[CauseDocument]

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, Preview)
        return cls(
            plan=shown.plan_text,
            steps=[StepDocument.of(step) for step in shown.steps],
            expected_seconds=shown.expected_seconds,
            from_version=shown.from_version,
            refusal=cause_document(shown.refusal),
            warnings=[CauseDocument.of(warning) for warning in shown.warnings],
        )


class MeasureDocument(Document):
    """One comparison of the two versions. `low` … `high` is its interval; null stands for no bound."""

    name: str
    unit: str
    estimate: Finite
    low: Finite
    high: Finite
    tolerance: float
    e_value: Finite
    outcome: Outcome


class VerdictDocument(Document):
    outcome: Outcome
    reason: str
    text: str
    measures: list[MeasureDocument]
    canary_requests: int
    stable_requests: int
    canary_errors: int
    stable_errors: int


def verdict_document(verdict: Verdict | None) -> VerdictDocument | None:
    if verdict is None:
        return None
    named = {name: getattr(verdict, name) for name in VerdictDocument.model_fields if hasattr(verdict, name)}
    return VerdictDocument.model_validate(named | {"text": sentence(f"verdict.{verdict.reason}", **verdict.params)})


class ApprovalDocument(Document):
    step: int
    by: str
    is_approved: bool
    reason: str
    evidence_hash: str
    at: datetime
    is_void: bool


class ReplicaDocument(Document):
    name: str
    address: str
    is_candidate: bool
    server: str
    is_running: bool
    restarts: int
    memory_bytes: int | None


class ChangesDocument(Document):
    from_image: str
    to_image: str
    from_commit: str
    to_commit: str
    notes: str
    is_signed: bool
    dependants: list[str]


class ActionDocument(Document):
    """Whether you may do it now, and if not, why."""

    action: Action
    is_possible: bool
    code: str
    text: str


class PointDocument(Document):
    """One point of the charts: `seconds` wide from `at` (seconds since the epoch), both versions side by side."""

    at: int
    seconds: int
    stable_requests: int
    canary_requests: int
    stable_errors: int
    canary_errors: int
    stable_p95_ms: Finite
    canary_p95_ms: Finite


class RolloutViewDocument(Document):
    """All that a person needs to decide about a rollout."""

    rollout: RolloutDocument
    steps: list[StepProgress]
    actions: list[ActionDocument]
    verdict: VerdictDocument | None
    approvals: list[ApprovalDocument]
    evidence_hash: str
    evidence_at: datetime | None
    replicas: list[ReplicaDocument]
    live_percent: int | None
    is_proxy_alive: bool
    is_engine_reachable: bool
    requests_per_second: float
    failed_requests: int
    sampling: float
    is_return_warm: bool
    frozen_by: str
    break_glass_by: list[str]
    timeline: list[AuditEntryDocument]
    changes: ChangesDocument | None

    @classmethod
    def of(cls, shown: object) -> Self:
        assert isinstance(shown, RolloutView)
        named = {name: getattr(shown, name) for name in cls.model_fields if hasattr(shown, name)}
        return cls.model_validate(
            named
            | {
                "rollout": RolloutDocument.of(shown.rollout),
                "steps": [step_progress(step) for step in shown.steps],
                "actions": [_action(shown, action, code) for action, code in shown.refusals.items()],
                "verdict": verdict_document(shown.verdict),
                "timeline": [AuditEntryDocument.of(entry) for entry in shown.timeline],
            }
        )


def _action(view: RolloutView, action: Action, code: str | None) -> ActionDocument:
    """The refusal's sentence, filled in as far as the view knows what fills it in."""
    known = {"action": str(action), "state": str(view.rollout.state)}
    text = error_sentence(code, known) if code else ""
    return ActionDocument(action=action, is_possible=code is None, code=code or "", text=text)
