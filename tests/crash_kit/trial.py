"""Crash trials: rollouts during which workers are killed at named failpoints, and what must be true all the same."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from multiprocessing.context import ForkServerProcess

from portal.domain.rollout import Rollout, State
from tests.crash_kit.stand import CrashStand

STUCK_SECONDS = 45.0
SLACK_SECONDS = 0.1  # between the proxy's change and our seeing it
KILLS_A_ROLLOUT = 5
ANYWHEN = "anywhen"
OFTEN = (
    "rollout.create",
    "rollout.withdraw",
    "rollout.remove",
    "rollout.step",
    "rollout.move",
)  # what every rollout does at least twice
EFFECTS = ("create", "admit", "shift", "withdraw", "remove", "flip")
MOMENTS = ("before", "intended", "performed", "after")
FORWARD = (
    "rollout.lock.before",
    "rollout.lock.after",
    "rollout.move.after",
    *(f"rollout.{effect}.{moment}" for effect in EFFECTS[:2] for moment in MOMENTS),
    "rollout.step.after",
    *(f"rollout.{effect}.{moment}" for effect in EFFECTS[2:3] for moment in MOMENTS),
)
ENDING = tuple(f"rollout.{effect}.{moment}" for effect in EFFECTS[3:] for moment in MOMENTS)
GOING_BACK = (
    *(f"rollout.retreat.{moment}" for moment in MOMENTS[:3]),
    *(f"rollout.{effect}.{moment}" for effect in EFFECTS[3:5] for moment in MOMENTS),
)
PLANS = {
    "rolling": "strategy: rolling\nanalysis: false\nbake: {bake}s",
    "blue-green": "strategy: blue-green\nanalysis: false\nbake: {bake}s",
    "canary": "strategy: canary\nsteps: [{{weight: 20}}, {{weight: 60}}]\nanalysis: false\nbake: {bake}s",
    "observed canary": "strategy: canary\nsteps: [{{weight: 20}}, {{observe: 1s}}]\nanalysis: false\nbake: {bake}s",
}
ABORT_AT = (0, 1, 50, 100)  # the share at which somebody aborts
LONG_BAKE_SECONDS = 3600


@dataclass(slots=True)
class Report:
    """What happened. `wrong` is empty if every promise was kept."""

    seed: int
    kills: int = 0
    stops: int = 0
    rollouts: int = 0
    aborts: int = 0
    requests: int = 0
    seconds: float = 0.0
    slowest_seconds: float = 0.0
    reached: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    unreached: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    wrong: list[str] = field(default_factory=list[str])

    def summary(self) -> dict[str, object]:
        return {
            "seed": self.seed,
            "kills": self.kills,
            "stops": self.stops,
            "rollouts": self.rollouts,
            "aborts accepted": self.aborts,
            "failpoints × strategies": len(self.reached),
            "not reached": sorted(" at ".join(reversed(pair)) for pair in self.unreached),
            "requests": self.requests,
            "seconds": round(self.seconds, 1),
            "slowest rollout, seconds": round(self.slowest_seconds, 1),
            "wrong": self.wrong,
        }


@dataclass(slots=True)
class Story:
    """One rollout to come: what it does, and where its workers die, one after the other."""

    strategy: str
    deaths: deque[str]
    abort_at: int | None = None

    @property
    def kind(self) -> str:
        return self.strategy + (" aborted" if self.abort_at is not None else "")

    @property
    def plan(self) -> str:
        return PLANS[self.strategy].format(bake=0 if self.abort_at is None else LONG_BAKE_SECONDS)


class Agenda:
    """Every failpoint with every strategy in turn, forward and back, then all again at other passings."""

    MOST_TRIES = 3

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        kinds = [Story(strategy, deque(), abort_at) for strategy in PLANS for abort_at in (None, 1)]
        self._kinds = cycle(kinds)
        self._waiting = {kind.kind: deque[str]() for kind in kinds}
        self._tries: Counter[tuple[str, str]] = Counter()

    def next(self) -> Story:
        kind = next(self._kinds)
        waiting = self._waiting[kind.kind]
        if not waiting:
            names = [*FORWARD, *(ENDING if kind.abort_at is None else GOING_BACK), ANYWHEN]
            first = self._chance.randrange(0, len(names), KILLS_A_ROLLOUT)  # so that short trials differ
            waiting.extend(names[first:] + names[:first])
        deaths = deque(waiting.popleft() for _ in range(min(KILLS_A_ROLLOUT, len(waiting))))
        return Story(kind.strategy, deaths, None if kind.abort_at is None else self._abort_at(deaths))

    def give_back(self, story: Story) -> None:
        """What a story did not come to is tried again in the next of its kind: an earlier death may have been in its
        way."""
        for name in reversed(story.deaths):
            self._tries[story.kind, name] += 1
            if self._tries[story.kind, name] < self.MOST_TRIES:
                self._waiting[story.kind].appendleft(name)

    def _abort_at(self, deaths: Iterable[str]) -> int:
        """Only a death at any time can come before an abort that comes before everything."""
        return self._chance.choice(ABORT_AT if set(deaths) <= {ANYWHEN} else ABORT_AT[1:])


class Trial:
    """Tells stories one after the other; whatever a story breaks is noted, and the next one begins from there."""

    def __init__(self, stand: CrashStand, seed: int, *, show: Callable[[str], object] = str) -> None:
        self.stand, self._show = stand, show
        self.chance = random.Random(seed)
        self.agenda = Agenda(self.chance)
        self.report = Report(seed)
        self._until: float | None = None

    def run(self, kills: int) -> Report:
        """Until so many workers were killed."""
        begun = time.monotonic()
        while self.report.kills < kills and not self.report.wrong:
            self.tell(self.agenda.next())
            self._show(f"{self.report.kills} of {kills} kills")
        self.report.seconds = time.monotonic() - begun
        self.report.requests = self.stand.load.requests
        self.report.unreached -= self.report.reached.keys()
        return self.report

    def tell(self, story: Story) -> None:
        before = self.stand.deployed()
        goal = "1.1.0" if before == "1.0.0" else "1.0.0"
        begun, failures = time.time(), len(self.stand.load.failures)
        rollout = self.stand.start(goal, story.plan)
        accepted = self._live_through(rollout, story)
        now = self.stand.now(rollout)
        expected = State.SUCCEEDED if accepted is None else State.ABORTED
        wrong = [] if now.state is expected else [f"{now.state} instead of {expected} ({now.cause}, {now.note})"]
        wrong += self.stand.wrongs(now, goal if accepted is None else before)
        wrong += wrong_shares(self.stand.shares.since(begun, now.slot), accepted)
        wrong += self.stand.load.failures[failures:]
        self.report.wrong += [f"rollout {now.id}, {story.kind}: {what}" for what in wrong]
        self.report.rollouts += 1
        self.report.slowest_seconds = max(self.report.slowest_seconds, time.time() - begun)

    def _live_through(self, rollout: Rollout, story: Story) -> float | None:
        """Workers live and die until the rollout is over. When an abort was accepted, if one was."""
        worker, accepted = self._next_worker(story), None
        end = time.monotonic() + STUCK_SECONDS
        while not self._is_done(now := self.stand.now(rollout)) and time.monotonic() < end:
            if self._has_died(worker, story):
                worker = self._next_worker(story)
            if accepted is None and story.abort_at is not None and is_time(now, story.abort_at):
                accepted = self.stand.abort(rollout)
                self.report.aborts += accepted is not None
            time.sleep(0.01)
        self.report.unreached |= {(story.kind, name) for name in story.deaths}
        self.agenda.give_back(story)
        if worker.is_alive():
            self.stand.end(worker)
        return accepted

    def _is_done(self, rollout: Rollout) -> bool:
        """The operation itself ends a moment after the rollout; then nobody needs a worker."""
        return rollout.state.is_over and not self.stand.has_open_operation()

    def _next_worker(self, story: Story) -> ForkServerProcess:
        name = story.deaths[0] if story.deaths else ""
        is_often = self.report.reached[story.kind, name] and name.startswith(OFTEN)
        passing = self.chance.choice((1, 2)) if is_often else 1
        self._until = time.monotonic() + self.chance.uniform(0.0, 1.0) if name == ANYWHEN else None
        return self.stand.start_worker(f"{name}=kill:{passing}" if name and name != ANYWHEN else "")

    def _has_died(self, worker: ForkServerProcess, story: Story) -> bool:
        if self._until is not None and time.monotonic() > self._until:
            worker.kill()
            worker.join()
        if worker.is_alive():
            return False
        if worker.exitcode != -signal.SIGKILL:
            self.report.wrong.append(f"a worker ended by itself with {worker.exitcode}")
        self._note_death(story)
        return True

    def _note_death(self, story: Story) -> None:
        self.report.kills += 1
        if story.deaths:
            self.report.reached[story.kind, story.deaths.popleft()] += 1


def is_time(rollout: Rollout, share: int) -> bool:
    return rollout.percent >= share


def wrong_shares(shares: list[tuple[float, int]], accepted: float | None) -> list[str]:
    """The share only grows; after an abort was accepted it only falls."""
    wrong: list[str] = []
    for (_, share), (at, following) in pairwise(shares):
        is_back = accepted is not None and at > accepted + SLACK_SECONDS
        if following < share and (accepted is None or at < accepted):
            wrong.append(f"the share fell from {share} to {following}")
        if following > share and is_back:
            wrong.append(f"the share grew from {share} to {following} after the abort was accepted")
    return wrong


class Duel(Trial):
    """Two controllers at once on the same database. Either dies at random, or is stopped for longer than its lease."""

    STOP_SECONDS = 6.5

    def run_rollouts(self, rollouts: int) -> Report:
        begun = time.monotonic()
        for index, strategy in zip(range(rollouts), cycle(PLANS), strict=False):
            abort_at = self.chance.choice(ABORT_AT[1:]) if index % 3 == 2 else None
            self.tell(Story(strategy, deque(), abort_at))
            self._show(f"{index + 1} of {rollouts} rollouts")
        self.report.seconds = time.monotonic() - begun
        self.report.requests = self.stand.load.requests
        return self.report

    def _live_through(self, rollout: Rollout, story: Story) -> float | None:
        pair = [self._fighter(0), self._fighter(1)]
        stopped: dict[int, float] = {}
        accepted = None
        end = time.monotonic() + 2 * STUCK_SECONDS
        while not self._is_done(now := self.stand.now(rollout)) and time.monotonic() < end:
            for side, worker in enumerate(pair):
                if not worker.is_alive():
                    self.report.kills += 1
                    pair[side] = self._fighter(side)
            self._wake_the_stopped(pair, stopped)
            if accepted is None and story.abort_at is not None and is_time(now, story.abort_at):
                accepted = self.stand.abort(rollout)
                self.report.aborts += accepted is not None
            time.sleep(0.02)
        self._dismiss(pair)
        return accepted

    def _dismiss(self, pair: Iterable[ForkServerProcess]) -> None:
        for worker in pair:
            worker.terminate()
            end = time.monotonic() + 20
            while worker.is_alive() and time.monotonic() < end:
                resume(worker)  # it may come to its failpoint only now
                worker.join(0.2)
            if worker.is_alive():
                self.report.wrong.append("a worker did not end when asked to")

    def _fighter(self, side: int) -> ForkServerProcess:
        effect = self.chance.choice(EFFECTS)
        armed = self.chance.choice(
            (f"rollout.{effect}.intended=stop", f"rollout.{effect}.before=stop", "rollout.shift.intended=stop",
             f"rollout.{effect}.performed=kill", f"rollout.{effect}.performed=stop", "*=chance:4", "*=chance:4")
        )  # fmt: skip
        return self.stand.start_worker(armed, has_log=side == 0)

    def _wake_the_stopped(self, pair: Iterable[ForkServerProcess], stopped: dict[int, float]) -> None:
        for worker in pair:
            pid = worker.pid
            if pid is None or not is_stopped(pid):
                continue
            if pid not in stopped:
                stopped[pid] = time.monotonic()
                self.report.stops += 1
            elif time.monotonic() - stopped[pid] > self.STOP_SECONDS:
                resume(worker)


def is_stopped(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as status:  # noqa: PTH123 - many times a second
            return status.read().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def resume(worker: ForkServerProcess) -> None:
    if worker.pid and worker.is_alive():
        os.kill(worker.pid, signal.SIGCONT)
