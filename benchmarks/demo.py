"""The main job unattended: nine acts on the real engine under load, with figures. `bin/demo [--json] [--rate N]`.

Exit status 0 only if the invariants held: no request lost in the acts that the portal controls, a rollback within
100 ms, a bad canary stopped within 10 s.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from benchmarks.demo_stand import ALICE, DAVE, Answer, Stand
from portal.domain.container import LABEL_VERSION
from portal.domain.rollout import Action, State

CANARY = "strategy: canary\nsteps: [{weight: 10}, {observe: 5s}, {approval: 1}, {weight: 50}, {observe: 5s}]\nbake: 1h"
WATCHED = "strategy: canary\nsteps: [{weight: 10}, {observe: 120s}, {weight: 50}]"
HALF = "strategy: canary\nsteps: [{weight: 50}, {observe: 120s}]\nanalysis: {latency: false}"
LOST_AT_A_KILL, BACK_MS, STOPPED_SECONDS = 6, 100.0, 10.0


@dataclass(slots=True)
class Result:
    """One act. `decision_seconds`: from the first share to the decision; `back_ms`: from there to the last bad
    answer.
    """

    act: str
    requests: int = 0
    lost: int = 0
    allowed: int = 0
    end: str = ""
    decision_seconds: float | None = None
    back_ms: float | None = None
    breaches: list[str] = field(default_factory=list[str])

    def judge(self) -> None:
        if self.lost > self.allowed:
            self.breaches.append(f"{self.lost} requests lost, {self.allowed} allowed")
        if self.back_ms is not None and self.back_ms >= BACK_MS:
            self.breaches.append(f"last answer {self.back_ms:.0f} ms after the decision")
        if self.decision_seconds is not None and self.decision_seconds >= STOPPED_SECONDS:
            self.breaches.append(f"decided after {self.decision_seconds:.1f} s")


def good_canary(stand: Stand, result: Result) -> None:
    rollout = stand.start("1.1.0", CANARY)
    stand.until(rollout, State.AWAITING_APPROVAL)
    stand.act(rollout, Action.APPROVE, ALICE)
    stand.until(rollout, State.BAKING)
    stand.act(rollout, Action.FINISH, ALICE)
    result.end = f"{stand.until(rollout).state}, {stand.version()} everywhere, approved by alice"
    _expect(result, stand.version() == "1.1.0", "the good canary was not promoted")


def _stopped_by_itself(stand: Stand, result: Result, version: str) -> None:
    before = stand.version()
    rollout = stand.start(version, WATCHED)
    stand.until(rollout, State.OBSERVING)
    shifted = time.time()
    done = stand.until(rollout)
    _expect(result, done.state is State.ABORTED, f"ended {done.state}")
    _expect(result, stand.version() == before, "the stable version changed")
    if done.decided_at is not None:
        result.decision_seconds = round(done.decided_at.timestamp() - shifted, 2)
        result.back_ms = _last_answer_ms(stand, version, done.decided_at.timestamp())
    result.end = f"{done.state}: {done.cause.params.get('reason') if done.cause else '?'}"


def failing_canary(stand: Stand, result: Result) -> None:
    _stopped_by_itself(stand, result, "1.2.0")


def slow_canary(stand: Stand, result: Result) -> None:
    _stopped_by_itself(stand, result, "1.3.0")


def _promote_and_return(stand: Stand, result: Result, plan: str) -> None:
    version = _other(stand)
    rollout = stand.start(version, plan)
    stand.until(rollout, State.BAKING)
    _settle(stand, version)
    decided = stand.act(rollout, Action.ABORT, DAVE)
    result.end = f"{stand.until(rollout).state}, back on {stand.version()}"
    result.back_ms = _last_answer_ms(stand, version, decided)


def switch_and_return(stand: Stand, result: Result) -> None:
    _promote_and_return(stand, result, "strategy: blue-green\nbake: 1h")


def rolling(stand: Stand, result: Result) -> None:
    version = _other(stand)
    done = stand.until(stand.start(version, "strategy: rolling\nbatch: 1"))
    result.end = f"{done.state}, {stand.version()} everywhere"
    _expect(result, stand.version() == version, "not everywhere")


def rollback_after_promotion(stand: Stand, result: Result) -> None:
    _promote_and_return(stand, result, "strategy: canary\nsteps: [{weight: 50}]\nbake: 1h")


def portal_killed(stand: Stand, result: Result) -> None:
    version = _other(stand)
    rollout = stand.start(version, HALF)
    stand.until(rollout, State.OBSERVING)
    stand.kill_worker()
    killed = time.time()
    stand.await_(lambda: len(stand.answers(killed)) > 200, "answers without a portal", seconds=20)
    stand.start_worker()
    stand.act(rollout, Action.PROMOTE, ALICE)
    done = stand.until(rollout)
    result.end = f"{done.state} after kill -9 and restart"
    _expect(result, done.state is State.SUCCEEDED, f"ended {done.state}")


def containers_killed(stand: Stand, result: Result) -> None:
    before, version = stand.version(), _other(stand)
    rollout = stand.start(version, HALF)
    stand.until(rollout, State.OBSERVING)
    _settle(stand, version)
    names = [c.id for c in stand.containers() if c.labels.get(LABEL_VERSION) == version]
    subprocess.run(["docker", "kill", *names], capture_output=True, check=True)
    done = stand.until(rollout)
    result.end = f"{done.state}: {done.cause.code if done.cause else '?'}"
    result.allowed = LOST_AT_A_KILL
    _expect(result, stand.version() == before, "the stable version changed")


def proxy_reloaded(stand: Stand, result: Result) -> None:
    rollout = stand.start(_other(stand), HALF)
    stand.until(rollout, State.OBSERVING)
    reloads = stand.reload_proxy()
    stand.act(rollout, Action.PROMOTE, ALICE)
    done = stand.until(rollout)
    result.end = f"{done.state}, proxy reloaded {reloads} times in between"
    _expect(result, done.state is State.SUCCEEDED, f"ended {done.state}")


ACTS: dict[str, Callable[[Stand, Result], None]] = {
    "good canary, approved": good_canary,
    "5 % errors, stopped by itself": failing_canary,
    "+50 % latency, stopped by itself": slow_canary,
    "blue-green switch and return": switch_and_return,
    "rolling": rolling,
    "rollback after promotion": rollback_after_promotion,
    "portal killed with -9": portal_killed,
    "all canary containers killed": containers_killed,
    "proxy reloaded in mid shift": proxy_reloaded,
}


def _other(stand: Stand) -> str:
    return "1.1.0" if stand.version() == "1.0.0" else "1.0.0"


def _settle(stand: Stand, version: str) -> None:
    """Until the version has answered for a while, so that there is something to lose."""
    since = time.time()
    stand.await_(lambda: sum(a.version == version for a in stand.answers(since)) > 50, version, seconds=30)


def _last_answer_ms(stand: Stand, version: str, decided: float) -> float:
    late = [a.at for a in stand.answers(decided) if a.version == version]
    return round(max(0.0, max(late, default=decided) - decided) * 1000, 1)


def _expect(result: Result, holds: bool, otherwise: str) -> None:
    if not holds:
        result.breaches.append(otherwise)


def perform(stand: Stand, name: str) -> Result:
    result, began = Result(name), time.time()
    ACTS[name](stand, result)
    answers = stand.answers(began)
    lost: list[Answer] = [answer for answer in answers if answer.is_lost]
    result.requests, result.lost = len(answers), len(lost)
    if len(lost) > result.allowed:
        result.breaches += [f"{answer.at:.3f} {answer.status} {answer.wrong or answer.version}" for answer in lost[:5]]
    result.judge()
    return result


def show(result: Result) -> None:
    decided = "" if result.decision_seconds is None else f"{result.decision_seconds:.1f} s"
    back = "" if result.back_ms is None else f"{result.back_ms:.0f} ms"
    mark = "ok " if not result.breaches else "NOT"
    print(f"{mark} {result.act:34} {result.requests:8} {result.lost:5} {decided:>9} {back:>9}  {result.end}")
    for breach in result.breaches:
        print(f"    {breach}")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/demo", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rate", type=float, default=220.0)
    parser.add_argument("--only", default="", help="acts whose name holds this")
    asked = parser.parse_args()
    stand, results = Stand(rate=asked.rate), list[Result]()
    try:
        stand.furnish()
        if not asked.json:
            print(f"    {'act':34} {'requests':>8} {'lost':>5} {'decision':>9} {'back':>9}  end")
        for name in (name for name in ACTS if asked.only in name):
            results.append(perform(stand, name))
            if not asked.json:
                show(results[-1])
    finally:
        stand.close()
    if asked.json:
        print(json.dumps([asdict(result) for result in results], indent=1))
    return int(any(result.breaches for result in results))


if __name__ == "__main__":
    sys.exit(main())
