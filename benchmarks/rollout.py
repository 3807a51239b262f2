"""A rolling update and the way back, the portal's beside Docker Swarm's: the same service, load and act, in one run.

bin/bench rollout [--json] [--goals] [--quick]: `hello` with three containers under a steady load goes from 1.0.0 to
1.1.0 and back, three times with each (--quick: once); about three minutes. Needs Docker, HAProxy and the sample
service's images; a swarm is made for it if there is none, and left again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rollout_swarm import Swarm
from portal.domain.rollout import Rollout, State
from portal.services.rollouts import RolloutOrder
from portal.workers.running import Workers
from tests.crash_kit.stand import DAVE, ENVIRONMENT, SERVICE, CrashStand, DockerStand, await_, crash_stand

ROOT = Path(__file__).resolve().parent.parent
RATE = 150
REPLICAS = 3
SETTLING_SECONDS = 2.0
ROLLING = "strategy: rolling\nanalysis: false"
WARM = "strategy: blue-green\nanalysis: false\nbake: 1h"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done under load. `last_answer_ms`: from the decision to the last answer of the version it left."""

    name: str
    seconds: float
    requests: int
    failed: int
    last_answer_ms: float


class Answers:
    """The sample service's load as a process, and what it has seen."""

    def __init__(self, url: str) -> None:
        with tempfile.NamedTemporaryFile(prefix="cfp-", delete=False) as file:
            self._path = Path(file.name)
        command = [sys.executable, "docs/examples/hello/load.py", url, "--rate", str(RATE), "--record", str(self._path)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.await_version("1.0.0")

    def since(self, begun: float) -> list[tuple[float, str, int]]:
        parts = [line.split(" ", 4) for line in self._path.read_text("ascii").splitlines()]
        return [(float(p[0]), p[1], int(p[2])) for p in parts if len(p) == 5 and float(p[0]) >= begun]

    def await_version(self, version: str) -> None:
        """Until it alone has answered for some time."""
        await_(lambda: self._is_alone(version), f"answers of {version} alone", seconds=60)

    def _is_alone(self, version: str) -> bool:
        last = self.since(time.time() - SETTLING_SECONDS)
        return len(last) > RATE and all(answer[1:] == (version, 200) for answer in last)

    def act(self, name: str, begun: float, *, left: str) -> Act:
        seconds = time.time() - begun
        time.sleep(SETTLING_SECONDS)
        answers = self.since(begun)
        failed = sum(not 0 < status < 500 for _, _, status in answers)
        last = max((at for at, version, _ in answers if version == left), default=begun)
        return Act(name, seconds, len(answers), failed, max(0.0, last - begun) * 1000)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._path.unlink()


class PortalStand(DockerStand):
    replicas = REPLICAS


def portal_acts(rounds: int) -> list[Act]:
    """Rolling there and back as Swarm does it, then a switch that is taken back while the old version is kept warm."""
    acts: list[Act] = []
    with crash_stand(PortalStand) as stand:
        stand.load.stop()  # the one of `Answers` is the one of both
        stand.shares.stop()
        workers = Workers(stand.core)  # in the process that decides, as the portal is served
        workers.start()
        answers = Answers(f"http://127.0.0.1:{stand.place.proxy_port}/")
        try:
            for _ in range(rounds):
                acts += _there_and_back(stand, answers)
                acts.append(_switched_back(stand, answers))
        finally:
            answers.close()
            workers.stop()
    return acts


def _there_and_back(stand: CrashStand, answers: Answers) -> list[Act]:
    answers.await_version("1.0.0")
    begun = time.time()
    _await(stand, stand.start("1.1.0", ROLLING), State.SUCCEEDED)
    there = answers.act("rolling update", begun, left="1.0.0")
    begun = time.time()
    _await(stand, stand.core.rollouts.roll_back(DAVE, _order("1.0.0")), State.SUCCEEDED)
    return [there, answers.act("rollback after it was over", begun, left="1.1.0")]


def _switched_back(stand: CrashStand, answers: Answers) -> Act:
    answers.await_version("1.0.0")
    rollout = stand.start("1.1.0", WARM)
    _await(stand, rollout, State.BAKING)
    answers.await_version("1.1.0")
    begun = stand.abort(rollout)
    assert begun is not None
    _await(stand, rollout, State.ABORTED)
    return answers.act("rollback while the old version is warm", begun, left="1.1.0")


def _order(version: str) -> RolloutOrder:
    return RolloutOrder(SERVICE, ENVIRONMENT, version, "measure", "strategy: blue-green")


def _await(stand: CrashStand, rollout: Rollout, state: State) -> None:
    def is_there() -> bool:
        now = stand.now(rollout)
        if now.state.is_over and now.state is not state:
            raise RuntimeError(f"{now.to_version} is {now.state}, not {state}: {now.cause}")
        return now.state is state

    await_(is_there, f"rollout {rollout.id} {state}", seconds=90)


def swarm_acts(rounds: int) -> list[Act]:
    acts: list[Act] = []
    swarm = Swarm(replicas=REPLICAS)
    try:
        answers = Answers(swarm.url)
        try:
            for _ in range(rounds):
                answers.await_version("1.0.0")
                begun = time.time()
                swarm.update("1.1.0")
                swarm.await_state("completed")
                acts.append(answers.act("rolling update", begun, left="1.0.0"))
                answers.await_version("1.1.0")
                begun = time.time()
                swarm.roll_back()
                swarm.await_state("rollback_completed")
                acts.append(answers.act("rollback after it was over", begun, left="1.1.0"))
        finally:
            answers.close()
    finally:
        swarm.close()
    return acts


def summary(acts: list[Act]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "seconds": round(median(a.seconds for a in acts if a.name == name), 2),
            "requests": sum(a.requests for a in acts if a.name == name),
            "failed": sum(a.failed for a in acts if a.name == name),
            "last answer, ms": round(median(a.last_answer_ms for a in acts if a.name == name), 1),
        }
        for name in dict.fromkeys(act.name for act in acts)
    }


def compared(portal: dict[str, dict[str, float]], swarm: dict[str, dict[str, float]]) -> dict[str, float]:
    """The portal's figure over Swarm's; below 1 the portal is better."""
    rolling, back = "rolling update", "rollback after it was over"
    warm = portal["rollback while the old version is warm"]
    return {
        "seconds of a rolling update": round(portal[rolling]["seconds"] / swarm[rolling]["seconds"], 3),
        "last bad answer, old version gone": round(portal[back]["last answer, ms"] / swarm[back]["last answer, ms"], 3),
        "last bad answer, old version warm": round(warm["last answer, ms"] / swarm[back]["last answer, ms"], 4),
    }


def missed(found: dict[str, Any]) -> list[str]:
    failed = sum(act["failed"] for act in found["portal"].values())
    warm = found["portal"]["rollback while the old version is warm"]["last answer, ms"]
    goals = {
        f"{failed} failed requests with the portal, wanted 0": failed == 0,
        f"{warm} ms to the last answer of a warm rollback, wanted at most 100": warm <= 100,
    }
    ratios = {name: ratio for name, ratio in found["ratios"].items() if name.startswith("last bad answer")}
    goals |= {f"{name}: {ratio} of Swarm's, wanted less": ratio < 1 for name, ratio in ratios.items()}
    return [goal for goal, is_met in goals.items() if not is_met]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench rollout", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a goal is not met")
    parser.add_argument("--quick", action="store_true", help="one round instead of three")
    options = parser.parse_args(arguments)
    subprocess.run([sys.executable, str(ROOT / "bin" / "hello-images")], check=True, stdout=subprocess.DEVNULL)
    rounds = 1 if options.quick else 3
    portal, swarm = summary(portal_acts(rounds)), summary(swarm_acts(rounds))
    found: dict[str, Any] = {"portal": portal, "swarm": swarm, "ratios": compared(portal, swarm)}
    if options.json:
        print(json.dumps(found))
    else:
        for title, rows in found.items():
            print(f"\n{title}")
            for name, values in rows.items():
                print(f"  {name}: {values}")
    for goal in missed(found):
        print(f"not met: {goal}", file=sys.stderr)
    return 1 if options.goals and missed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
