"""Faults done to a running service, and how long it takes until everything is as it should be, without a person.

`bin/bench heal [--json] [--goals] [--quick]`. Healed is: every container is as it is wanted, all of them serve, the
proxy has what it was told, and a request is answered.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass

from benchmarks.demo_stand import DAVE
from benchmarks.heal_faults import FAULTS, HealStand
from portal.domain.drift import Subject
from portal.domain.errors import PortalError
from portal.domain.healing import HealingMode
from portal.domain.route import ServerState
from portal.services.drift_watch import compared

LIMIT_SECONDS, UNSEEN_SECONDS, CALM_SECONDS, REPLICAS = 60.0, 8.0, 1.0, 3
GOAL_SHARE = 0.95
QUICK = ("a container killed", "a container removed", "a process that hangs", "another image in its place", "the proxy")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fault. `seconds` from the fault to the moment at which all was well; None if that did not come."""

    fault: str
    seconds: float | None
    is_seen: bool
    note: str = ""


def trouble(stand: HealStand) -> str:
    """What is not as it should be; empty if all is well."""
    try:
        sight = stand.core.keeper.sights.take()
    except PortalError as error:
        return error.code
    if len(sight.wanted) != REPLICAS:
        return f"{len(sight.wanted)} containers wanted"
    known = [each for each in compared(sight).comparisons if each.place.subject is not Subject.ENGINE]
    for each in known:
        if each.differing and (each.place.name in sight.names or each.place.subject is Subject.PROXY):
            return f"{each.place.name}: {each.differing[0].field}"
    up = sum(state is ServerState.UP for state in (sight.servers or {}).values())
    return "" if up == REPLICAS and _is_answered(stand) else f"{up} servers up"


def _is_answered(stand: HealStand) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{stand.port}/", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def perform(stand: HealStand, name: str) -> Outcome:
    stand.await_(lambda: not trouble(stand), f"calm before {name}", seconds=LIMIT_SECONDS)
    time.sleep(CALM_SECONDS)
    began, seen, last = time.monotonic(), False, ""
    FAULTS[name](stand)
    stand.turn += 1
    while (spent := time.monotonic() - began) < LIMIT_SECONDS:
        found = trouble(stand)
        seen, last = seen or bool(found), found or last
        if not found and (seen or spent > UNSEEN_SECONDS):
            return Outcome(name, round(time.monotonic() - began, 1), seen)
        time.sleep(0.2)
    return Outcome(name, None, seen, last)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench heal", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--goals", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="faults whose name holds this")
    asked = parser.parse_args()
    wanted = [n for n in FAULTS if asked.only in n and (not asked.quick or n.startswith(QUICK))]
    stand, outcomes = HealStand(rate=20.0), list[Outcome]()
    try:
        stand.furnish()
        stand.core.drift.set_mode(DAVE, "prod", HealingMode.EXACT, reason="measured")
        for name in wanted:
            try:
                outcomes.append(perform(stand, name))
            except TimeoutError as error:
                outcomes.append(Outcome(name, None, True, str(error)))
            if not asked.json:
                show(outcomes[-1])
    finally:
        stand.close()
    healed = sum(outcome.seconds is not None for outcome in outcomes)
    share = healed / len(outcomes) if outcomes else 0.0
    if asked.json:
        report = {"faults": len(outcomes), "healed": healed, "outcomes": [asdict(outcome) for outcome in outcomes]}
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        print(f"{healed} of {len(outcomes)} healed without a person: {share:.0%} (goal {GOAL_SHARE:.0%})")
    return int(asked.goals and share < GOAL_SHARE)


def show(outcome: Outcome) -> None:
    time_taken = "not healed" if outcome.seconds is None else f"{outcome.seconds:6.1f} s"
    unseen = "" if outcome.is_seen else "(healed before it was seen)"
    print(f"{outcome.fault:52} {time_taken:>10}  {unseen}{outcome.note}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
