"""What is known about the world when a rollout is looked at, and which of it a state needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.domain.rollout import Cause, PauseKind, Rollout, State
from portal.domain.route import ServerState
from portal.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class ReplicaFact:
    """One container of a slot: is it there, does it run, what does the proxy say, did it come to harm."""

    name: str
    is_there: bool = False
    is_running: bool = False
    is_routed: bool = False
    server: ServerState = ServerState.ABSENT
    restarts: int = 0
    is_oom_killed: bool = False
    exit_code: int | None = None

    @property
    def is_up(self) -> bool:
        return self.server is ServerState.UP

    @property
    def is_lost(self) -> bool:
        """It should serve and cannot: the container does not run, or fails the proxy's checks."""
        return self.is_routed and not self.is_up and (not self.is_running or self.server is ServerState.DOWN)


@dataclass(frozen=True, slots=True)
class Facts:
    """The world as observed. `candidate` and `stable` list the replicas that are wanted or there, in order of number.

    `live_percent` is the candidate's share as the proxy has it, None if it does not answer. `observed_seconds`
    counts the seconds of this step in which requests were really watched.
    """

    is_engine_reachable: bool = True
    is_proxy_alive: bool = True
    live_percent: int | None = None
    candidate: tuple[ReplicaFact, ...] = ()
    stable: tuple[ReplicaFact, ...] = ()
    verdict: Verdict | None = None
    observed_seconds: int = 0
    approvals: int = 0
    rejected_by: str = ""
    is_approval_expired: bool = False
    is_frozen: bool = False
    freeze_name: str = ""
    has_lock: bool = True
    is_flipped: bool = False
    blocked_by: int = 0
    is_start_allowed: bool = True
    start_refusal: Cause | None = None

    @property
    def stable_up(self) -> int:
        return sum(r.is_up for r in self.stable)

    @property
    def candidate_up(self) -> int:
        return sum(r.is_up for r in self.candidate)


class EffectKind(StrEnum):
    LOCK = "lock"  # take the target for this rollout
    CREATE = "create"  # container `name` is there and runs
    ADMIT = "admit"  # the proxy knows the slot's containers
    SHIFT = "shift"  # `percent` of the users go to the new version
    APPLY = "apply"  # bring the proxy one stride closer
    WITHDRAW = "withdraw"  # the proxy forgets container `name`
    REMOVE = "remove"  # container `name` is gone
    FLIP = "flip"  # the new slot is the stable one


@dataclass(frozen=True, slots=True)
class Do:
    """Perform one idempotent effect, then look again."""

    effect: EffectKind
    name: str = ""
    percent: int = 0
    is_stable: bool = False  # the effect concerns a container of the old version


@dataclass(frozen=True, slots=True)
class Advance:
    """The current step is done (or skipped): go to the next."""

    is_skipped: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Change the state. `is_restart` starts the current step's time anew."""

    state: State
    cause: Cause | None = None
    pause: PauseKind | None = None
    is_restart: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now; look again after `seconds`. `note` says what is waited for."""

    seconds: float = 0.25
    note: Cause | None = None


Decision = Do | Advance | Move | Wait


def is_leaving(rollout: Rollout) -> bool:
    """Whether traffic has to leave the new version before anything else is looked at."""
    is_asked = rollout.wish.is_abort and not rollout.state.is_going_back
    return is_asked or (rollout.state is State.ROLLING_BACK and rollout.percent > 0)


def needs_containers(rollout: Rollout) -> bool:
    """Whether the next decision depends on the engine."""
    return rollout.state is not State.QUEUED and not is_leaving(rollout)


def needs_evidence(rollout: Rollout) -> bool:
    """Whether there may be new evidence that the next decision depends on."""
    return 0 < rollout.percent < 100 and not rollout.state.is_going_back and not is_leaving(rollout)
