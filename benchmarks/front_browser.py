"""What a person with a browser gets: Lighthouse's scores, the weight of the first load, the time of a page change."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.front_stand import FrontStand, free_port
from benchmarks.npm_packages import ensure_packages, node

CHROMIUM = "/usr/bin/chromium"
CATEGORIES = ("performance", "accessibility", "best-practices")
AUDIT_SECONDS, TRIES = 180, 3
_OPTIONS = ["--no-sandbox", "--disable-background-networking"]
_CHANGE = """async ([from, to]) => {
  const link = document.querySelector(`.side a[href="${to}"]`);
  const heading = () => document.querySelector("main h1")?.textContent;
  const before = heading();
  const began = performance.now();
  link.click();
  while (performance.now() - began < 10000) {
    await new Promise(done => requestAnimationFrame(done));
    const is_there = location.pathname.replace(/\\/$/, "") === to.replace(/\\/$/, "") && heading() !== before;
    if (is_there && heading() && !document.querySelector("main .skeleton")) return performance.now() - began;
  }
  return -1;
}"""


@dataclass(frozen=True, slots=True)
class Audited:
    """Scores 0..100 by category, what the first load weighs, and how fast Lighthouse found this machine."""

    path: str
    scores: dict[str, int]
    kilobytes: float
    machine: float


@contextmanager
def signed_in(stand: FrontStand) -> Iterator[tuple[BrowserContext, int]]:
    """A browser with the cookie of the stand's person, and the port on which Lighthouse can speak to it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        options = [*_OPTIONS, f"--remote-debugging-port={port}"]
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, headless=True, args=options, base_url=stand.url
        )
        name, _, value = stand.sign_in().partition("=")
        context.add_cookies([{"name": name, "value": value, "url": stand.url}])
        yield context, port
        context.close()


def audited(stand: FrontStand, path: str, *, port: int, rounds: int) -> Audited:
    """The best of some rounds: whatever else the machine does can only make a page slower."""
    reports = [_report(stand.url + path, port) for _ in range(rounds)]
    best = max(reports, key=lambda report: report["categories"]["performance"]["score"] or 0.0)
    scores = {name: round(100 * (best["categories"][name]["score"] or 0.0)) for name in CATEGORIES}
    requests = best["audits"]["network-requests"]["details"]["items"]
    weight = sum(int(request.get("transferSize", 0)) for request in requests) / 1000
    return Audited(path, scores, round(weight, 1), best["environment"]["benchmarkIndex"])


def _report(url: str, port: int) -> dict[str, Any]:
    program, environment = node()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.json"
        command = [program, str(ensure_packages("lighthouse") / "lighthouse" / "cli" / "index.js"), url]
        command += [f"--port={port}", "--preset=desktop", "--output=json", f"--output-path={output}", "--quiet"]
        command.append(f"--only-categories={','.join(CATEGORIES)}")
        words = ""
        for _ in range(TRIES):  # a network that comes or goes on this machine ends the load of a page
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=AUDIT_SECONDS, check=False
            )
            if done.returncode == 0:
                return json.loads(output.read_text("utf-8"))
            words = done.stderr[-800:]
        raise RuntimeError(f"lighthouse {url}: {words}")


def page_changes(page: Page, paths: list[str], *, rounds: int) -> list[float]:
    """Milliseconds from the click on a link of the navigation to the new page with its content, for each change."""
    found: list[float] = []
    page.goto(paths[-1])
    page.wait_for_selector("html[data-ready] main h1")
    for _ in range(rounds):
        for before, path in zip([paths[-1], *paths], paths, strict=False):
            found.append(float(page.evaluate(_CHANGE, [before, path])))
            page.wait_for_timeout(300)
    return found
