"""README's two commands on bare machines: how long a person waits for what, and whether it keeps what it says.

bin/bench fresh [--json] [--goals] [--case NAME] [--suite bookworm] [--folder FOLDER]: makes small Debians with Python
and nothing of ours, copies a clean clone of the last commit in, and works there as a person would. A quarter of an
hour; needs root, debootstrap and slirp4netns. Cases: root, user, podman.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.fresh_machine import SOURCES, USER, Broken, Machine, Running, machine, made_base

ROOT = Path(__file__).parent.parent
READY = r"http://localhost:3000"
PORTAL, SITE = "http://127.0.0.1:3000", "http://127.0.0.1:8080/"
SECOND_START_SECONDS = 5
FIRST_START_SECONDS = 1500
ENGINE_DOCKER = "docker.io haproxy debootstrap"


@dataclass(slots=True)
class Record:
    """Seconds by step, and the promises that were not kept."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    wrong: list[str] = field(default_factory=list[str])

    def note(self, step: str, seconds: float) -> None:
        self.seconds[step] = round(seconds, 1)
        print(f"  {step}: {seconds:.1f} s", file=sys.stderr, flush=True)

    def check(self, *, holds: bool, promise: str) -> None:
        if not holds:
            self.wrong.append(promise)
            print(f"  WRONG: {promise}", file=sys.stderr, flush=True)


def put_clone(into: Machine, owner: str) -> None:
    """A clean clone of what was committed last."""
    clone = into.case / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, clone], check=True, timeout=120)
    archive = subprocess.run(["tar", "-C", clone, "-c", "."], check=True, capture_output=True, timeout=120).stdout
    enter = ["nsenter", f"--target={into.pid}", "--mount", "--root"]
    script = f"mkdir -p {SOURCES} && tar -C {SOURCES} --no-same-owner -x && chown -R {owner}: {SOURCES}"
    subprocess.run([*enter, "bash", "-c", script], input=archive, check=True, timeout=120)


def check_served(box: Machine, record: Record, version: str = "1.0.0", *, seconds: float) -> None:
    """Three containers of this hello have to answer through the proxy in time; else what answered is told."""
    limit, seen, others = time.monotonic() + seconds, set[str](), Counter[str]()
    while time.monotonic() < limit and len(seen) < 3:
        status, text = box.answer(SITE)
        if status == 200 and f'"{version}"' in text:
            seen.add(json.loads(text)["hostname"])
        else:
            others[f"{status} {text[:100]}"] += 1
            time.sleep(0.1)
    promise = f"three containers of hello {version} answer: {len(seen)} did, and {dict(others.most_common(3))}"
    record.check(holds=len(seen) >= 3, promise=promise)


def healthy(box: Machine) -> bool:
    return box.answer(f"{PORTAL}/healthz")[0] == 200


def ends_clean(box: Machine, run: Running, before: set[str], record: Record, what: str) -> None:
    """Ctrl-C ends it, with everything it started and nothing else."""
    record.note(f"{what}: Ctrl-C", run.interrupt())
    after = set(box.processes().values())
    record.check(holds=after <= before, promise=f"{what}: Ctrl-C left {sorted(after - before)}")
    record.check(holds=before <= after, promise=f"{what}: Ctrl-C ended another's {sorted(before - after)}")
    statuses = (0, 130) if what.startswith("bin/dev") else (0,)
    record.check(holds=run.process.returncode in statuses, promise=f"{what}: ended with {run.process.returncode}")


def first_run(
    box: Machine, record: Record, *, user: str = "root", tty: bool = True, seconds: float = FIRST_START_SECONDS
) -> Running:
    run = box.start("bin/run", user=user, tty=tty)
    if tty:
        run.says(r"\[Y/n\] ", 60)
        run.type("\n")
    record.note("bin/run the first time, until the address is shown", run.says(READY, seconds))
    record.check(holds=healthy(box), promise="the portal answers when its address is shown")
    shown = set(re.findall(r"^\s+(admin|alice|bob) +\S+$", run.output, re.MULTILINE))
    record.check(holds=shown == {"admin", "alice", "bob"}, promise=f"passwords are shown, not only of {shown}")
    return run


def second_run(box: Machine, record: Record, *, user: str = "root", arguments: str = "") -> Running:
    run = box.start(f"bin/run {arguments}", user=user)
    seconds = run.says(READY, 120)
    record.note("bin/run the second time", seconds)
    record.check(holds=seconds < SECOND_START_SECONDS, promise=f"the second start took {seconds:.1f} s")
    return run


def as_root(box: Machine, record: Record) -> None:
    """Asks on the terminal, installs, starts the engine, loads the demonstration; then the same in seconds."""
    put_clone(box, "root")
    refused = box.start("bin/run")
    refused.says(r"\[Y/n\] ", 60)
    refused.type("n\n")
    record.check(holds=refused.ended(60) != 0, promise="without Python's venv and with a no it ends")
    record.check(holds="apt-get install" in refused.output, promise="a no is answered with what to run")
    bystander = box.start("sleep 86399", tty=False)
    before = set(box.processes().values())
    run = first_run(box, record)
    record.check(holds=run.output.count("[Y/n]") == 1, promise="it asks once")
    check_served(box, record, seconds=60)
    record.note("until three containers of hello answer through the proxy", run.seconds)
    ends_clean(box, run, before, record, "bin/run on Docker")
    run = second_run(box, record)
    check_served(box, record, seconds=60)
    record.note("the second time, until hello answers", run.seconds)
    ends_clean(box, run, before, record, "the second bin/run")
    demo = box.run("bin/demo --only good --json", seconds=1200)
    record.note("bin/demo --only good", demo.seconds)
    record.check(holds=demo.status == 0, promise=f"bin/demo: {demo.output[-1000:]}")
    bystander.process.kill()


def as_user(box: Machine, record: Record) -> None:
    """Neither root nor sudo: told what to run, and shown the same portal in memory. Then --no-install, then bin/dev."""
    put_clone(box, USER)
    told = box.run("bin/run", user=USER, seconds=60)
    record.check(
        holds=told.status != 0 and "python3-venv" in told.output, promise=f"python3-venv is named: {told.output}"
    )
    box.run("apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null")
    before = set(box.processes().values())
    run = first_run(box, record, user=USER, tty=False)
    for words in (f"apt-get install {ENGINE_DOCKER}", "a demonstration, nothing real runs"):
        record.check(holds=words in run.output, promise=f"a user without sudo is told: {words}")
    box.run("pkill -INT -o -u dave -f bin/run", seconds=30)
    run.ended(40)
    after = set(box.processes().values())
    record.check(holds=after == before, promise=f"in memory: it left {sorted(after - before)}")
    run = second_run(box, record, user=USER, arguments="--no-install")
    ends_clean(box, run, before, record, "bin/run --no-install")
    develop(box, record, before, "bin/dev --back-end")
    develop(box, record, before, "bin/dev")


def develop(box: Machine, record: Record, before: set[str], command: str) -> None:
    """It serves, notices a change, serves again, and ends."""
    run = box.start(f"{command} --no-install", user=USER, PORTAL_ENGINE="memory")
    limit = time.monotonic() + 600
    while not healthy(box) and time.monotonic() < limit and run.process.poll() is None:
        time.sleep(0.2)
    record.note(f"{command}, until it answers", run.seconds)
    mark = len(run.output)
    box.run("sed -i '1s/$/ /' portal/api/watching.py", user=USER)
    begun = time.monotonic()
    try:
        run.says(READY, 150, since=mark)
        while not healthy(box) and time.monotonic() < begun + 60:
            time.sleep(0.1)
        record.note(f"{command}: a change is served after", time.monotonic() - begun)
    except Broken as broken:
        record.check(holds=False, promise=f"{command} reloads: {broken}")
    ends_clean(box, run, before, record, command)


QUICK_PLAN = (
    "strategy: canary\nsteps: [{weight: 20}, {observe: 5s}, {approval: 1}, {weight: 50}, {observe: 5s}]\nbake: 1h"
)


def ask_portal(box: Machine, words: str, token: str = "") -> dict[str, Any]:
    """What a command of the portal prints as JSON."""
    done = box.run(
        f"echo '{QUICK_PLAN}' >/tmp/plan; .venv/bin/codex-portal {words} --json", seconds=120, CODEX_PORTAL_TOKEN=token
    )
    if done.status:
        raise Broken(f"codex-portal {words}: {done.output}")
    return json.loads(done.output)


def a_whole_canary(box: Machine) -> float:
    """By Bob, approved by Alice, from the command line; seconds until all traffic is on the new version."""
    begun = time.monotonic()
    bob, alice = (ask_portal(box, f"token create bench --user {name}")["secret"] for name in ("bob", "alice"))
    rollout = ask_portal(box, "rollout start hello prod 1.1.0 --plan /tmp/plan --reason bench", bob)["id"]
    for wanted in ("awaiting_approval", "baking"):
        limit = time.monotonic() + 120
        while (state := ask_portal(box, f"rollout show {rollout}", bob)["rollout"]["state"]) != wanted:
            if time.monotonic() > limit:
                raise Broken(f"the canary is {state} and not {wanted}")
            time.sleep(1)
        if wanted == "awaiting_approval":
            ask_portal(box, f"rollout approve {rollout} --reason bench", alice)
    return time.monotonic() - begun


def with_podman(box: Machine, record: Record) -> None:
    """Podman in the place of Docker: the same through the gate, and one canary up to its end from the command line."""
    put_clone(box, "root")
    box.run("apt-get update -qq && apt-get install -y -qq podman runc crun- >/dev/null")
    before = set(box.processes().values())
    run = first_run(box, record)
    check_served(box, record, seconds=90)
    record.note("until three containers of hello answer through the proxy", run.seconds)
    record.note("a whole canary from the command line", a_whole_canary(box))
    check_served(box, record, "1.1.0", seconds=20)
    ends_clean(box, run, before, record, "bin/run on Podman")


CASES: dict[str, Callable[[Machine, Record], None]] = {"root": as_root, "user": as_user, "podman": with_podman}


def figures(cases: Sequence[str], folder: Path, suite: str) -> dict[str, Record]:
    records: dict[str, Record] = {}
    begun = time.monotonic()
    base = made_base(folder, suite)
    print(f"a bare {suite}: {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)
    for name in cases:
        print(name, file=sys.stderr, flush=True)
        records[name] = record = Record()
        with machine(base, folder, name) as box:
            try:
                CASES[name](box, record)
            except (Broken, subprocess.SubprocessError, KeyError) as broken:
                record.check(holds=False, promise=str(broken))
    return records


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench fresh", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a promise was broken")
    parser.add_argument("--case", action="append", choices=tuple(CASES), help="only this one (may be repeated)")
    parser.add_argument("--suite", default="bookworm", help="release of Debian (or Ubuntu)")
    parser.add_argument("--folder", type=Path, help="where bare machines are kept for the next time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fresh-") as temporary:
        folder = (options.folder or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        records = figures(options.case or tuple(CASES), folder, options.suite)
    if options.json:
        print(json.dumps({name: {"seconds": made.seconds, "wrong": made.wrong} for name, made in records.items()}))
    else:
        for name, made in records.items():
            print(f"\n{name}")
            for step, seconds in made.seconds.items():
                print(f"  {step}: {seconds:g} s")
            print(f"  wrong: {'; '.join(made.wrong) or 'nothing'}")
    return 1 if options.goals and any(made.wrong for made in records.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
