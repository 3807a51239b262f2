"""The documentation as its readers get it: every page in both languages, and searches, over HTTP.

bin/bench docs [--json] [--goals] [--quick]: starts a portal as in production on containers in memory and asks it for
each page and each search, nine times each (--quick: three). The ratio is to `/livez` of the same portal, asked in
between, so that a slow machine or others on it count less. Half a minute.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import httpx

from benchmarks.front_stand import FrontStand, front_stand

ROOT = Path(__file__).parent.parent
TRIES, QUICK_TRIES = 9, 3
GOAL_MS, BAREST = 100.0, "/livez"
LANGUAGES = ("en", "zh")
SEARCHES = (
    "rollout",
    "how to roll back",
    "freeze window",
    "no such word anywhere",
    "回滚",
    "审批 冻结",
    "证书",
    "网关 套接字",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The median of the tries for one address, and how it compares with the barest answer of the same portal."""

    address: str
    ms: float
    ratio: float


def pages() -> list[str]:
    names = {path.stem for path in (ROOT / "docs" / "en").glob("*.md")} - {"index"}
    return [f"/docs/{language}/{name}" for language in LANGUAGES for name in sorted(names)]


def reading(client: httpx.Client, address: str, *, tries: int) -> Reading:
    times: list[float] = []
    barest: list[float] = []
    for _ in range(tries):
        times.append(_ms(client, address))
        barest.append(_ms(client, BAREST))
    return Reading(address, round(median(times), 2), round(median(times) / median(barest), 2))


def _ms(client: httpx.Client, address: str) -> float:
    begun = time.perf_counter()
    answer = client.get(address)
    took = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: HTTP {answer.status_code}")
    return took


def readings(stand: FrontStand, *, tries: int) -> tuple[list[Reading], list[Reading]]:
    """Of the pages and of the searches, the slowest first."""
    name, _, value = stand.sign_in().partition("=")
    with httpx.Client(base_url=stand.url, cookies={name: value}, timeout=30) as client:
        searches = [f"/docs/search?language={language}&text={text}" for text in SEARCHES for language in LANGUAGES]
        found = ([reading(client, address, tries=tries) for address in asked] for asked in (pages(), searches))
        of_pages, of_searches = (sorted(each, key=lambda one: -one.ms) for each in found)
    return of_pages, of_searches


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/bench docs", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--goals", action="store_true", help="exit status 1 if a page or a search takes 100 ms")
    parser.add_argument("--quick", action="store_true", help="three tries instead of nine")
    options = parser.parse_args(arguments)
    with front_stand() as stand:
        of_pages, of_searches = readings(stand, tries=QUICK_TRIES if options.quick else TRIES)
    if options.json:
        shown = {"pages": [asdict(one) for one in of_pages], "searches": [asdict(one) for one in of_searches]}
        print(json.dumps({"goal_ms": GOAL_MS, **shown}, ensure_ascii=False))
    else:
        for title, found in (("pages", of_pages), ("searches", of_searches)):
            print(f"{len(found)} {title}: median {median(one.ms for one in found):.1f} ms; the slowest:")
            for one in found[:3]:
                print(f"  {one.ms:7.1f} ms  {one.ratio:5.1f} times the barest answer  {one.address}")
    return 1 if options.goals and any(one.ms >= GOAL_MS for one in (*of_pages, *of_searches)) else 0


if __name__ == "__main__":
    sys.exit(main())
