"""What ails a container, what is done about it, how often, and when a person or a rollback has to help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portal.domain.container import ContainerState
from portal.domain.engine import ContainerDetails
from portal.domain.rollout import Rollout, State
from portal.domain.route import ServerState, Slot

HUNG_AFTER_SECONDS = 4.0
NEVER_UP_AFTER_SECONDS = 60.0
STORM_ATTEMPTS = 3
CALL_ATTEMPTS = 6
LONGEST_PAUSE_SECONDS = 60.0
QUIET = timedelta(minutes=10)
STEADY, SHORT = timedelta(minutes=1), timedelta(seconds=10)
SHORTEST_WINDOW = timedelta(minutes=15)


class HealingMode(StrEnum):
    """What is done in an environment without asking.

    Off: nothing. Alive: what keeps a service from serving is put right. Exact: what was changed by hand, too.
    """

    OFF = "off"
    ALIVE = "alive"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Mode:
    """What somebody has chosen for an environment."""

    environment: str
    mode: HealingMode
    by: str
    reason: str
    at: datetime


class Ailment(StrEnum):
    MISSING = "missing"
    DIED = "died"
    OUT_OF_MEMORY = "out_of_memory"
    PAUSED = "paused"
    HUNG = "hung"
    NETWORK_LOST = "network_lost"
    FOREIGN = "foreign"  # something else stands in its place
    CHANGED = "changed"  # it serves, but was changed by hand


CRASHES = frozenset({Ailment.DIED, Ailment.OUT_OF_MEMORY, Ailment.HUNG})


class Cure(StrEnum):
    START = "start"
    RESTART = "restart"
    RECREATE = "recreate"  # under its name and address
    REPLACE = "replace"  # by another one beside it, which takes over


_CURES = {
    Ailment.MISSING: Cure.RECREATE,
    Ailment.DIED: Cure.START,
    Ailment.OUT_OF_MEMORY: Cure.START,
    Ailment.PAUSED: Cure.RESTART,
    Ailment.HUNG: Cure.RESTART,
    Ailment.NETWORK_LOST: Cure.RECREATE,
    Ailment.FOREIGN: Cure.REPLACE,
    Ailment.CHANGED: Cure.REPLACE,
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the proxy says of a server: `silent_seconds` since it last answered, or since its container started;
    `has_answered`: it has answered since then. Without a `server` the proxy is silent itself, or need not know it.
    """

    server: ServerState | None = None
    silent_seconds: float = 0.0
    has_answered: bool = False


def ailment(found: ContainerDetails | None, answers: Answers, *, network: str, is_foreign: bool) -> Ailment | None:
    """What keeps a container that should serve from it. `is_foreign`: it has another image than it should."""
    if found is None:
        return Ailment.MISSING
    container = found.container
    if container.state is ContainerState.PAUSED:
        return Ailment.PAUSED
    if container.state is ContainerState.RESTARTING:
        return None  # the engine is at it
    if not container.is_running:
        return Ailment.OUT_OF_MEMORY if container.is_oom_killed else Ailment.DIED
    if network and network not in container.networks:
        return Ailment.NETWORK_LOST
    if is_foreign:
        return Ailment.FOREIGN
    return Ailment.HUNG if _is_hung(answers) else None


def _is_hung(answers: Answers) -> bool:
    limit = HUNG_AFTER_SECONDS if answers.has_answered else NEVER_UP_AFTER_SECONDS
    return answers.server in (ServerState.DOWN, ServerState.GATING) and answers.silent_seconds >= limit


def cure_of(ailment: Ailment, attempts: int, *, has_failed: bool) -> Cure:
    """What helps. Where starting it has not helped before, it is made anew; where even that failed, beside it."""
    cure = _CURES[ailment]
    if has_failed and attempts >= 2:
        return Cure.REPLACE
    return Cure.RECREATE if attempts and cure in (Cure.START, Cure.RESTART) else cure


def tended_slots(rollout: Rollout) -> frozenset[Slot]:
    """The slots that are looked after while the rollout is under way: it does the rest itself."""
    if rollout.state in (State.BAKING, State.HALTED):
        return frozenset(Slot)
    is_waiting = rollout.state in (State.PAUSED, State.AWAITING_APPROVAL)
    return frozenset({rollout.slot.other}) if is_waiting else frozenset()


def pause_seconds(attempts: int) -> float:
    """How long to wait after so many attempts: not at all after none, a second, then twice as long each time."""
    return min(LONGEST_PAUSE_SECONDS, 2.0 ** (attempts - 1)) if attempts else 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """One container that came to harm, until it has been well for a while.

    `began_at` is when it was first seen to be ill since it was last well for long, `attempts` counts the cures since
    then. `noticed_at` is when the present trouble was first seen, `healed_at` when it was well again. `called_at`: a
    person was told.
    """

    name: str
    service: str
    environment: str
    version: str
    ailment: Ailment
    began_at: datetime
    noticed_at: datetime
    next_at: datetime
    attempts: int = 0
    healed_at: datetime | None = None
    called_at: datetime | None = None
    error: str = ""

    @property
    def is_ill(self) -> bool:
        return self.healed_at is None

    def is_forgotten(self, now: datetime) -> bool:
        """Well for so long that what was does not count any more."""
        return self.healed_at is not None and now - self.healed_at > QUIET


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of a service somewhere: the rollout that brought the version, and what there was before it.

    `window` is for how long after its promotion it is suspected first.
    """

    rollout_id: int
    from_version: str
    to_version: str
    promoted_at: datetime
    window: timedelta
    is_baking: bool = False
    is_irreversible: bool = False


def ill_again(case: Case, ailment: Ailment, now: datetime) -> Case:
    """A case that was well and is ill once more. What was done to it from outside begins anew; so does half of what a
    container that served for a minute has behind it. One that served for a while is cured at once, until it is a storm.
    """
    well = now - case.healed_at if case.healed_at else timedelta()
    if ailment not in CRASHES or (well >= STEADY and case.attempts < 2):
        return replace(case, ailment=ailment, attempts=0, began_at=now, noticed_at=now, next_at=now, healed_at=None)
    attempts = case.attempts // 2 if well >= STEADY else case.attempts
    next_at = now if well >= SHORT and attempts <= STORM_ATTEMPTS else case.next_at
    return replace(case, ailment=ailment, attempts=attempts, noticed_at=now, next_at=next_at, healed_at=None)


class Remedy(StrEnum):
    WAIT = "wait"  # go on curing
    ROLL_BACK = "roll_back"
    CALL = "call"  # a person has to look


def remedy(cases: Sequence[Case], change: Change | None, *, replicas: int, ill_elsewhere: int) -> Remedy:
    """What follows from the cases of one service in one environment.

    A storm is a container that crashed again after three cures. If half of the containers of a version crash, began to
    within the window after its rollout, and nothing else is ill, the rollout is undone. A storm that goes on and has
    no such cause is a person's business.
    """
    storm = [case for case in cases if case.is_ill and case.attempts >= STORM_ATTEMPTS]
    if not storm:
        return Remedy.WAIT
    if change is not None and _is_to_blame(cases, change, replicas=replicas) and not ill_elsewhere:
        return Remedy.ROLL_BACK
    return Remedy.CALL if any(case.attempts >= CALL_ATTEMPTS for case in storm) else Remedy.WAIT


def _is_to_blame(cases: Sequence[Case], change: Change, *, replicas: int) -> bool:
    if not change.from_version or change.is_irreversible:
        return False
    window = max(change.window, SHORTEST_WINDOW)
    ill = [
        case
        for case in cases
        if case.ailment in CRASHES and case.version == change.to_version
        if case.attempts and change.promoted_at <= case.began_at <= change.promoted_at + window
    ]
    return 2 * len(ill) >= replicas
