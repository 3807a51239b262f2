"""How good is the front? Lighthouse, barriers, weight, time of a page change, and many live pages in one process.

bin/bench front [--json] [--goals] [--quick] [--only PART]: tables, or one JSON document; with --goals exit status 1 and
the name of each goal that is not met. Needs Chromium; about ten minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

import httpx

from benchmarks.barriers import barriers, every_page
from benchmarks.front_browser import CATEGORIES, audited, page_changes, signed_in
from benchmarks.front_crowd import Lateness, OpenPage, arrivals, close_pages, open_pages
from benchmarks.front_stand import PEOPLE, FrontStand, front_stand, person
from benchmarks.verdict import Goal, Report
from benchmarks.verdict import show as show_tables

PAGES = ("/sign-in", "/", "/rollouts/{rollout}", "/releases", "/audit")
CHANGES = ["/releases", "/rollouts", "/"]
LIVE_PAGES = 300
SCORE, KILOBYTES, CHANGE_MS, LATE_MS, CORE_MS = 95, 400.0, 150.0, 200.0, 2.0


def scores(report: Report, stand: FrontStand, *, is_quick: bool) -> None:
    with signed_in(stand) as (_, port):
        for path in PAGES:
            place = path.format(rollout=stand.rollout.id)
            found = audited(stand, place, port=port, rounds=1 if is_quick else 3)
            report.row(
                "Lighthouse, desktop", page=path, **found.scores, first_load_kB=found.kilobytes, machine=found.machine
            )
            report.goals += [
                Goal(f"{name}, {path}", found.scores[name], SCORE, is_at_least=True) for name in CATEGORIES
            ]
            report.goals.append(Goal(f"kB of the first load, {path}", found.kilobytes, KILOBYTES))


def changes(report: Report, stand: FrontStand, *, is_quick: bool) -> None:
    with signed_in(stand) as (context, _):
        found = sorted(page_changes(context.new_page(), CHANGES, rounds=3 if is_quick else 10))
    report.row("page change, ms", changes=len(found), median=round(median(found)), slowest=round(found[-1]))
    report.goals.append(Goal("ms of a page change (median)", median(found) if found[0] >= 0 else 1e9, CHANGE_MS))


def obstacles(report: Report, stand: FrontStand, *, is_quick: bool) -> None:
    del is_quick
    number = 0
    with signed_in(stand) as (context, _):
        page = context.new_page()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            lines = {path: barriers(page) for path in every_page(page)}
            number += sum(map(len, lines.values()))
            for path, line in [(path, line) for path, found in lines.items() for line in found]:
                print(f"{theme} {path}: {line}", file=sys.stderr)
            report.row("axe-core", theme=theme, pages=len(lines), violations=sum(map(len, lines.values())))
    report.goals.append(Goal("violations found by axe-core", number, 0))


def crowd(report: Report, stand: FrontStand, *, is_quick: bool) -> None:
    number = LIVE_PAGES // 10 if is_quick else LIVE_PAGES
    found = asyncio.run(_crowd(stand, number, rounds=10 if is_quick else 30))
    ordered = sorted(found.late.seconds) or [float("inf")]
    p95_ms = 1000 * ordered[int(0.95 * len(ordered))]
    report.row(
        "live pages in one process", pages=number, people=PEOPLE, updates_a_second=f"{found.hertz:.2f}",
        median_ms=round(1000 * median(ordered)), p95_ms=round(p95_ms), missed=found.late.missed,
        core_ms_a_page_and_second=f"{found.core_ms:.2f}", kB_a_page=round(found.kilobytes), load=f"{found.load:.1f}",
    )  # fmt: skip
    report.goals += [
        Goal("ms until a change is on every live page (p95)", p95_ms, LATE_MS),
        Goal("ms of a core that a live page costs a second", found.core_ms, CORE_MS),
        Goal("changes that a live page missed", found.late.missed, 0),
    ]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Lateness of changes; messages, milliseconds of a core and kilobytes a page; the machine's load meanwhile."""

    late: Lateness
    hertz: float
    core_ms: float
    kilobytes: float
    load: float


async def _crowd(stand: FrontStand, number: int, *, rounds: int) -> Crowd:
    """Half of the pages show the rollout, half the overview; the rollout is changed once a second."""
    cookies = [stand.sign_in(person(at)) for at in range(PEOPLE)]
    before, pages = stand.resident_bytes(), list[OpenPage]()
    for path in (f"/rollouts/{stand.rollout.id}", "/"):
        pages += await open_pages(stand.url, cookies, path, number=number // 2)
    kilobytes = (stand.resident_bytes() - before) / number / 1000
    headers = {"authorization": f"Bearer {stand.token()}"}
    async with httpx.AsyncClient(base_url=f"{stand.url}/api/v1", headers=headers, timeout=30) as client:
        (await client.get(f"/rollouts/{stand.rollout.id}")).raise_for_status()  # the first request loads the API

        async def change(mark: str) -> None:
            action = "resume" if int(mark.rpartition("-")[2]) % 2 else "pause"
            order = {"action": action, "reason": mark}
            (await client.post(f"/rollouts/{stand.rollout.id}/actions", json=order)).raise_for_status()

        await asyncio.sleep(2.0)
        begun, used, heard = time.monotonic(), stand.cpu_seconds(), sum(len(page.heard) for page in pages)
        late = await arrivals(pages, change, rounds=rounds)
        share = number * (time.monotonic() - begun)
    core_ms = 1000 * (stand.cpu_seconds() - used) / share
    hertz = (sum(len(page.heard) for page in pages) - heard) / share
    close_pages(pages)
    return Crowd(late, hertz, core_ms, kilobytes, os.getloadavg()[0])


PARTS = (scores, changes, obstacles, crowd)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench front", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a goal is not met")
    parser.add_argument("--only", choices=[part.__name__ for part in PARTS], help="one part of it")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pages, one round")
    options = parser.parse_args(arguments)
    report = Report()
    with front_stand() as stand:
        for part in PARTS:
            if options.only in (None, part.__name__):
                part(report, stand, is_quick=options.quick)
    missed = [goal for goal in report.goals if not goal.is_met]
    if options.json:
        print(json.dumps({"tables": report.tables, "goals": [asdict(g) | {"is_met": g.is_met} for g in report.goals]}))
    else:
        show_tables(report)
        print(f"\nGoals met: {len(report.goals) - len(missed)} of {len(report.goals)}")
    for goal in missed:
        relation = "at least" if goal.is_at_least else "at most"
        print(f"not met: {goal.name}: {goal.value:.4g}, wanted {relation} {goal.bound:g}", file=sys.stderr)
    return 1 if options.goals and missed else 0


if __name__ == "__main__":
    sys.exit(main())
