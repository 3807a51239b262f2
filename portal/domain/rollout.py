"""A rollout: the operation that takes an environment from one deployment to the next, in steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from portal.domain.plan import Analysis, Plan, Step, StepKind, Strategy
from portal.domain.route import Slot


class State(StrEnum):
    QUEUED = "queued"
    AWAITING_APPROVAL = "awaiting_approval"
    PREPARING = "preparing"
    GATING = "gating"
    SHIFTING = "shifting"
    OBSERVING = "observing"
    PROMOTING = "promoting"
    RETIRING = "retiring"
    BAKING = "baking"
    FINALISING = "finalising"
    SUCCEEDED = "succeeded"
    PAUSED = "paused"
    HALTED = "halted"
    ROLLING_BACK = "rolling_back"
    DRAINING = "draining"
    CLEANUP = "cleanup"
    ABORTED = "aborted"
    SUPERSEDED = "superseded"

    @property
    def is_over(self) -> bool:
        return self in _OVER

    @property
    def is_going_back(self) -> bool:
        return self in _BACK


_OVER = frozenset({State.SUCCEEDED, State.ABORTED, State.SUPERSEDED})
_BACK = frozenset({State.ROLLING_BACK, State.DRAINING, State.CLEANUP})

STATE_OF_STEP: dict[StepKind, State] = {
    StepKind.PREPARE: State.PREPARING,
    StepKind.GATE: State.GATING,
    StepKind.SHIFT: State.SHIFTING,
    StepKind.OBSERVE: State.OBSERVING,
    StepKind.ADAPT: State.OBSERVING,
    StepKind.PAUSE: State.PAUSED,
    StepKind.APPROVAL: State.AWAITING_APPROVAL,
    StepKind.RETIRE: State.RETIRING,
    StepKind.BAKE: State.BAKING,
    StepKind.FINALISE: State.FINALISING,
}


def state_of(step: Step) -> State:
    """The state in which a step is worked on."""
    is_promotion = step.kind is StepKind.SHIFT and step.percent == 100
    return State.PROMOTING if is_promotion else STATE_OF_STEP[step.kind]


class PauseKind(StrEnum):
    MANUAL = "manual"
    INCONCLUSIVE = "inconclusive"
    FREEZE = "freeze"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something stopped: a code looked up as `cause.<code>` for words, and what fills them in."""

    code: str
    params: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked of a running rollout and has not been carried out yet."""

    is_abort: bool = False
    is_supersede: bool = False
    is_promote: bool = False
    is_finish: bool = False  # end the bake time now
    by: str = ""
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """One rollout as it stands. `cursor` is the index of the current step; `percent` the share last asked of the
    proxy.

    `decided_at` is when the decision to go back fell; `last_answer_ms` how long after it the bad version answered
    its last request (0: none after it), measured from the proxy's log. The two configurations are numbers of
    snapshots of settings; a rollout of the same version with other settings differs in them alone.
    """

    id: int
    service: str
    environment: str
    from_version: str
    to_version: str
    from_image: str
    to_image: str
    plan: Plan
    steps: tuple[Step, ...]
    slot: Slot
    state: State = State.QUEUED
    cursor: int = 0
    percent: int = 0
    requested_by: str = ""
    reason: str = ""
    created_at: datetime | None = None
    state_since: datetime | None = None
    step_since: datetime | None = None
    ended_at: datetime | None = None
    pause: PauseKind | None = None
    cause: Cause | None = None
    note: Cause | None = None  # what it is waiting for at present
    wish: Wish = Wish()
    is_irreversible: bool = False
    is_return: bool = False
    is_promoted: bool = False
    decided_at: datetime | None = None
    last_answer_ms: float | None = None
    retries: int = 0
    from_configuration: int = 0
    to_configuration: int = 0
    revision: int = 0  # grows with every stored change

    @property
    def target(self) -> str:
        return f"{self.service}@{self.environment}"

    @property
    def generation(self) -> str:
        """Marks the containers that this rollout makes: its number, and the moment of its start, which no other has."""
        moment = int(self.created_at.timestamp() * 1000) if self.created_at else 0
        return f"{self.id}x{moment % 0x1000000:06x}"

    @property
    def strategy(self) -> Strategy:
        return self.plan.strategy

    @property
    def analysis(self) -> Analysis:
        return self.plan.analysis

    @property
    def step(self) -> Step:
        return self.steps[min(self.cursor, len(self.steps) - 1)]

    @property
    def is_first(self) -> bool:
        return not self.from_version

    @property
    def candidate_replicas(self) -> int:
        """How many containers of the new version the steps up to the current one ask for."""
        counts = [s.replicas for s in self.steps[: self.cursor + 1] if s.kind is StepKind.PREPARE]
        return counts[-1] if counts else 0

    @property
    def stable_replicas(self) -> int:
        """How many containers of the old version there were at the start: what a rollback restores."""
        return max((s.replicas for s in self.steps if s.kind is StepKind.PREPARE), default=0)


class Action(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    PROMOTE = "promote"
    ABORT = "abort"
    RETRY = "retry"
    FINISH = "finish"


_SKIPPABLE = frozenset({StepKind.OBSERVE, StepKind.ADAPT, StepKind.PAUSE})
_PAUSABLE = frozenset(
    {State.QUEUED, State.PREPARING, State.GATING, State.SHIFTING, State.OBSERVING, State.AWAITING_APPROVAL}
)


_BY_STATE: dict[State, frozenset[Action]] = {
    State.PAUSED: frozenset({Action.RESUME}),
    State.HALTED: frozenset({Action.RETRY}),
    State.BAKING: frozenset({Action.FINISH}),
    State.AWAITING_APPROVAL: frozenset({Action.APPROVE, Action.REJECT}),
}


def possible_actions(rollout: Rollout) -> frozenset[Action]:
    """What makes sense now, whoever asks. Once it goes back, finishes or is over, nothing does."""
    is_ending = rollout.state.is_over or rollout.state.is_going_back or rollout.state is State.FINALISING
    if is_ending or rollout.wish.is_abort:
        return frozenset()
    actions = {Action.ABORT, *_BY_STATE.get(rollout.state, ())}
    if rollout.state in _PAUSABLE:
        actions.add(Action.PAUSE)
    if rollout.step.kind in _SKIPPABLE and rollout.state in (State.OBSERVING, State.PAUSED):
        actions.add(Action.SKIP)
    if not (rollout.is_promoted or rollout.wish.is_promote or rollout.state is State.HALTED):
        actions.add(Action.PROMOTE)
    return frozenset(actions)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's decision at one approval step, bound to the evidence that was shown. Void once that changed."""

    rollout_id: int
    step: int
    by: str
    is_approved: bool
    reason: str
    evidence_hash: str
    at: datetime
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class TrafficSample:
    """What the proxy saw of one version in one second. `latency` maps bins of `portal.domain.verdict` to counts.

    `last_at` is the time of the last answer in it, in seconds since the epoch. Forced requests are counted apart.
    """

    second: int
    service: str
    environment: str
    slot: Slot
    requests: int = 0
    errors: int = 0
    forced: int = 0
    latency: dict[int, int] = field(default_factory=dict[int, int])
    last_at: float | None = None
    sampling: float = 1.0
