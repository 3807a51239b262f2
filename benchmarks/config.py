"""A setting that reaches running containers live, beside the same by restarts, one container after the other: the same
service, load and portal, in one run.

bin/bench config [--json] [--goals] [--quick]: `hello` with three containers on the real engine, behind the gate and the
proxy, under a steady load; five changes of each kind in turn (--quick: one). Needs Docker, HAProxy and the sample
service's images.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.demo_stand import ALICE
from benchmarks.rollout import RATE, Answers, PortalStand
from portal.domain.configuration_layers import service_scope
from portal.domain.configuration_text import parse_contract
from portal.domain.configuration_version import Edit
from portal.domain.deployment import Replica
from portal.domain.rollout import Rollout
from portal.store import routing
from portal.workers.running import Workers
from tests.crash_kit.stand import ENVIRONMENT, SERVICE, CrashStand, await_, crash_stand

ROOT = Path(__file__).resolve().parent.parent
VERSION = "1.1.0"
LIVE, RESTART = "live", "restart"
LIVE_SECONDS = 2.0
SETTLING_SECONDS = 2.0
CONTRACT = {
    "properties": {
        "greeting": {"type": "string", "default": "hello", "x-effect": "live"},
        "startDelaySeconds": {"type": "number", "minimum": 0, "default": 0, "x-effect": "restart"},
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Made:
    """One change. `seconds`: from the decision until every container answers by it."""

    kind: str
    seconds: float
    restarted: int
    requests: int
    failed: int


class Watch:
    """What containers say and since when they run, asked of each one itself."""

    def __init__(self, stand: CrashStand) -> None:
        self._stand = stand
        self._client = httpx.Client(timeout=5)

    def replicas(self) -> list[Replica]:
        with self._stand.core.database.reading() as session:
            return [r for r in routing.replicas(session, SERVICE, ENVIRONMENT) if r.version == VERSION]

    def starts(self) -> dict[str, str]:
        command = ["docker", "inspect", "--format", "{{.State.StartedAt}}"]
        names = [replica.name for replica in self.replicas()]
        told = subprocess.run([*command, *names], capture_output=True, text=True, check=True, timeout=30).stdout
        return dict(zip(names, told.split(), strict=True))

    def is_everywhere(self, greeting: str) -> bool:
        return all(self._greeting(replica) == greeting for replica in self.replicas())

    def _greeting(self, replica: Replica) -> str:
        try:
            answer = self._client.get(f"http://{replica.address}:{replica.port}/").json()
        except (httpx.TransportError, ValueError):
            return ""
        return str(answer.get("greeting", ""))

    def close(self) -> None:
        self._client.close()


def changes(rounds: int) -> list[Made]:
    """Live and by restarts in turn, so that both have the same machine."""
    with crash_stand(PortalStand) as stand:
        stand.load.stop()
        stand.shares.stop()
        workers, watch = Workers(stand.core), Watch(stand)  # in the process that decides, as the portal is served
        workers.start()
        answers = Answers(f"http://127.0.0.1:{stand.place.proxy_port}/")
        try:
            _deliver_file(stand)
            answers.await_version(VERSION)
            return [
                _change(stand, watch, answers=answers, kind=kind, at=at)
                for at in range(rounds)
                for kind in (LIVE, RESTART)
            ]
        finally:
            answers.close()
            watch.close()
            workers.stop()


def _deliver_file(stand: CrashStand) -> None:
    """New containers, which have the file of settings."""
    stand.core.configuration.save_contract(ALICE, SERVICE, parse_contract(CONTRACT), reason="what it takes")
    rollout = stand.start(VERSION, "strategy: blue-green\nanalysis: false")
    await_(lambda: _is_over(stand, rollout), f"the rollout of {VERSION}", seconds=90)
    if stand.deployed() != VERSION:
        raise RuntimeError(f"{stand.deployed()} runs, not {VERSION}")


def _is_over(stand: CrashStand, rollout: Rollout) -> bool:
    return stand.now(rollout).state.is_over


def _change(stand: CrashStand, watch: Watch, *, answers: Answers, kind: str, at: int) -> Made:
    greeting = f"{kind} {at}"
    values: dict[str, object] = {"greeting": greeting}
    if kind == RESTART:
        values["startDelaySeconds"] = (at + 1) / 1000
    before, begun = watch.starts(), time.time()
    stand.core.configuration.save(ALICE, Edit(service_scope(SERVICE, ENVIRONMENT), "measure", values))
    await_(lambda: watch.is_everywhere(greeting), f"{greeting} in every container", seconds=180)
    seconds = time.time() - begun
    await_(lambda: _has_settled(stand), "the end of the delivery", seconds=60)
    time.sleep(SETTLING_SECONDS)
    after = watch.starts()
    seen = answers.since(begun)
    failed = sum(not 0 < status < 500 for _, _, status in seen)
    restarted = sum(after[name] != before.get(name) for name in after)
    return Made(kind, seconds, restarted, len(seen), failed)


def _has_settled(stand: CrashStand) -> bool:
    return not stand.core.configuration.view(ALICE, SERVICE, ENVIRONMENT).behind


def summary(made: list[Made]) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for kind in (LIVE, RESTART):
        mine = [one for one in made if one.kind == kind]
        rows[kind] = {
            "changes": len(mine),
            "median seconds": round(median(one.seconds for one in mine), 3),
            "longest seconds": round(max(one.seconds for one in mine), 3),
            "containers restarted": sum(one.restarted for one in mine),
            "requests": sum(one.requests for one in mine),
            "failed": sum(one.failed for one in mine),
        }
    return rows | {"live over restart": round(rows[LIVE]["median seconds"] / rows[RESTART]["median seconds"], 4)}


def missed(found: dict[str, Any]) -> list[str]:
    live, restart = found[LIVE], found[RESTART]
    goals = {
        f"{live['longest seconds']} s until a live key counts, wanted less than {LIVE_SECONDS:g}": (
            live["longest seconds"] < LIVE_SECONDS
        ),
        f"{live['containers restarted']} containers restarted for a live key, wanted 0": not live[
            "containers restarted"
        ],
        f"{live['failed']} requests failed with a live key, wanted 0": not live["failed"],
        f"{restart['failed']} requests failed with restarts, wanted 0": not restart["failed"],
        f"{live['requests']} requests are no load of {RATE} a second": live["requests"] > RATE * live["changes"],
    }
    return [goal for goal, is_met in goals.items() if not is_met]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench config", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a goal is not met")
    parser.add_argument("--quick", action="store_true", help="one change of each kind instead of five")
    options = parser.parse_args(arguments)
    subprocess.run([sys.executable, str(ROOT / "bin" / "hello-images")], check=True, stdout=subprocess.DEVNULL)
    found = summary(changes(1 if options.quick else 5))
    if options.json:
        print(json.dumps(found))
    else:
        for name, shown in found.items():
            print(f"{name}: {shown}")
    for goal in missed(found):
        print(f"not met: {goal}", file=sys.stderr)
    return 1 if options.goals and missed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
