"""What is lost when a machine is lost: the portal is killed, its folder deleted, and restored on an empty one.

bin/bench recovery [--json] [--goals] [--quick]: twenty times kill -9 while something is committed every few
milliseconds, the data folder deleted, `codex-portal restore` from the store, the portal started again, and everything
that had been acknowledged counted. --quick: three times. Goals: restored and running again within 30 s, at most 1 s of
changes lost, every restored trail whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TRIALS, QUICK_TRIALS = 20, 3
START_SECONDS = 60
GOAL_RTO_SECONDS, GOAL_RPO_SECONDS = 30.0, 1.0


@dataclass(frozen=True, slots=True)
class Loss:
    """`rto_seconds` from the empty folder to a portal that works; `restore_seconds` of it is the restore itself."""

    committed: int
    lost: int
    rpo_seconds: float
    rto_seconds: float
    restore_seconds: float
    is_whole: bool


class Stand:
    """A store that survives, and a data folder that does not."""

    def __init__(self, folder: Path) -> None:
        self.data, self.store, self.said = folder / "data", folder / "store", folder / "said"
        self.environment = {
            **os.environ,
            "PORTAL_ENGINE": "memory",
            "PORTAL_DATA": str(self.data),
            "PORTAL_BACKUP_STORE": str(self.store),
            "PORTAL_BACKUP_KEY": secrets.token_hex(32),
            "PORTAL_SECRET_KEY": secrets.token_hex(32),
        }

    def trial(self, seconds: float) -> Loss:
        known = self._bases()
        process = self._started()
        try:  # what has just begun can be restored from its first base on
            self._await(lambda: self._bases() > known)
            time.sleep(seconds)
        finally:
            process.kill()
            process.wait()
        committed = self._committed()
        shutil.rmtree(self.data)
        begun = time.monotonic()
        restored = self._restored()
        restore_seconds, last = time.monotonic() - begun, self._last()
        process = self._started()
        rto_seconds = time.monotonic() - begun
        process.kill()
        process.wait()
        number, at = committed[-1]
        kept = [moment for sequence, moment in committed if sequence <= last]
        return Loss(
            committed=len(committed),
            lost=number - last if number > last else 0,
            rpo_seconds=at - kept[-1] if kept and number > last else 0.0,
            rto_seconds=rto_seconds,
            restore_seconds=restore_seconds,
            is_whole=restored["entries"] >= last,
        )

    def _started(self) -> subprocess.Popen[bytes]:
        with self.said.open("wb") as said, Path(f"{self.said}.errors").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.recovery_worker"], env=self.environment, stdout=said, stderr=errors
            )
        self._await(lambda: self.said.read_bytes().startswith(b"ready"), process)
        return process

    def _bases(self) -> int:
        return len(list(self.store.glob("portal/*/bases/*/base.json")))

    def _await(self, is_so: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
        end = time.monotonic() + START_SECONDS
        while not is_so():
            if time.monotonic() > end or (process is not None and process.poll() is not None):
                raise RuntimeError(Path(f"{self.said}.errors").read_text()[-2000:])
            time.sleep(0.02)

    def _committed(self) -> list[tuple[int, float]]:
        lines = self.said.read_text().split("\n")[1:-1]
        return [(int(number), float(at)) for number, _, at in (line.partition(" ") for line in lines)]

    def _restored(self) -> dict[str, Any]:
        command = [sys.executable, "-m", "portal.cli", "restore", "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return dict(json.loads(done.stdout))

    def _last(self) -> int:
        """The newest entry of what came back, but for that of the restore."""
        connection = sqlite3.connect(self.data / "portal.db")
        try:
            query = "SELECT max(sequence) FROM audit WHERE action = 'test.act'"
            return int(connection.execute(query).fetchone()[0] or 0)
        finally:
            connection.close()


def figures(trials: int) -> dict[str, Any]:
    folder, found = Path(tempfile.mkdtemp(prefix="recovery-")), list[Loss]()
    stand = Stand(folder)
    try:
        for number in range(trials):
            found.append(stand.trial(random.uniform(1.0, 3.0)))
            print(f"{number + 1}/{trials} {asdict(found[-1])}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return summary(found)


def summary(found: Sequence[Loss]) -> dict[str, Any]:
    rto, rpo = [one.rto_seconds for one in found], [one.rpo_seconds for one in found]
    return {
        "trials": len(found),
        "whole": sum(one.is_whole for one in found),
        "committed": sum(one.committed for one in found),
        "lost": sum(one.lost for one in found),
        "rpo_seconds_most": round(max(rpo), 3),
        "rpo_seconds_median": round(statistics.median(rpo), 3),
        "rto_seconds_most": round(max(rto), 2),
        "rto_seconds_median": round(statistics.median(rto), 2),
        "restore_seconds_median": round(statistics.median(one.restore_seconds for one in found), 2),
    }


def is_good(values: dict[str, Any]) -> bool:
    is_fast = values["rto_seconds_most"] <= GOAL_RTO_SECONDS and values["rpo_seconds_most"] <= GOAL_RPO_SECONDS
    return is_fast and values["whole"] == values["trials"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench recovery", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a goal is missed")
    parser.add_argument("--quick", action="store_true", help="three times")
    options = parser.parse_args(arguments)
    values = figures(QUICK_TRIALS if options.quick else TRIALS)
    if options.json:
        print(json.dumps(values))
    else:
        for name, value in values.items():
            print(f"{name.replace('_', ' ')}: {value}")
    return 1 if options.goals and not is_good(values) else 0


if __name__ == "__main__":
    sys.exit(main())
