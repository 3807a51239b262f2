"""One portal on the memory adapters, built and served as in production, and browsers for the cast."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.environment import Environment, Protection, Stage
from portal.domain.identity import NewUser, TokenOrder
from portal.settings import Settings
from portal.web.build import ROOT, ensure_built
from portal.wiring import build

START_SECONDS = 60
CAROLS_PASSWORD = "carol opens the door"
DORAS_PASSWORD = "dora opens every door"
PLAN = """\
strategy: canary
steps:
  - weight: 10
  - observe: 2s
  - approval: 1
  - weight: 50
  - observe: 2s
bake: 1h
analysis:
  min_requests: 5
  error_tolerance: 0.5
  latency_tolerance: 5
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@dataclass(frozen=True, slots=True)
class Served:
    """A running portal."""

    url: str
    log: Path
    passwords: dict[str, str]
    token: str = ""

    def sign_in(self, name: str) -> str:
        """The session cookie, as a program gets it."""
        form = {"name": name, "password": self.passwords[name]}
        answer = httpx.post(f"{self.url}/auth/sign-in", data=form, headers={"origin": self.url})
        assert answer.status_code == 303, answer.text
        return answer.headers["set-cookie"].partition(";")[0]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _furnish(environment: dict[str, str]) -> tuple[dict[str, str], str]:
    """The sample service, its first version on its way into prod, where one other person must agree; the cast and their
    passwords, and the token of Dora's program.
    """
    core = build(Settings.from_environment(environment))
    passwords = core.demonstration.load()
    carol = NewUser("carol", CAROLS_PASSWORD, (Grant(Role.VIEWER),), is_password_temporary=False)
    core.identity.create_user(SYSTEM, carol)
    dora = NewUser("dora", DORAS_PASSWORD, (Grant(Role.ADMINISTRATOR),), is_password_temporary=False)
    core.identity.create_user(SYSTEM, dora)
    core.identity.end_set_up(SYSTEM)
    prod = Environment("prod", Stage.PROD, 4, replicas=3, plan=PLAN, protection=Protection(approvals=1))
    core.catalogue.save_environment(SYSTEM, prod)
    token, _ = core.identity.create_token(SYSTEM, TokenOrder("tests", user="dora"))
    core.database.close()
    return passwords | {"carol": CAROLS_PASSWORD, "dora": DORAS_PASSWORD}, token


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[Served]:
    """A portal with these settings and the cast in a folder of its own, while the block runs."""
    port = free_port()
    own = {"PORTAL_DATA": str(data), "PORTAL_ENGINE": "memory", "PORTAL_PROXY": "memory", "PORTAL_PORT": str(port)}
    chosen = own | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "CODEX_"))}
    served = Served(f"http://127.0.0.1:{port}", data / "serve.log", *_furnish(chosen))
    with served.log.open("wb") as output:
        command = [sys.executable, "-m", "portal.cli", "serve"]
        process = subprocess.Popen(command, cwd=ROOT, env=kept | chosen, stdout=output, stderr=output)
    try:
        _wait_for(served, process)
        yield served
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(served: Served, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{served.url}/sign-in", follow_redirects=True, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the portal did not start:\n{served.log.read_text()[-3000:]}", pytrace=False)


@pytest.fixture(scope="session")
def portal() -> Iterator[Served]:
    ensure_built(lambda line: print(line, flush=True))
    folder = Path(tempfile.mkdtemp(prefix="portal-"))
    try:
        with serving(folder) as served:
            yield served
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or pytest.fail("chromium is not installed. Run: bin/setup --system chromium")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


Arrive = Callable[..., Page]


@pytest.fixture
def arrive(browser: Browser, portal: Served) -> Iterator[Arrive]:
    """Lets somebody sign in and shows them the overview. What the browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    recordings = os.environ.get("RECORDINGS", "")

    def signed_in(name: str, *, width: int = 1440, height: int = 900, language: str = "en") -> Page:
        size = ViewportSize(width=width, height=height)
        film = {"record_video_dir": recordings, "record_video_size": size} if recordings else {}
        context = browser.new_context(viewport=size, base_url=portal.url, locale=language, **film)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto("/sign-in")
        page.fill("#name", name)
        page.fill("#password", portal.passwords[name])
        page.click("button[type=submit]")
        page.wait_for_url(f"{portal.url}/")
        page.wait_for_selector("main .card")
        return page

    yield signed_in
    for context in contexts:
        films = [page.video for page in context.pages if page.video]
        context.close()
        for film in films:
            print(f"Recorded: {film.path()}", flush=True)
    # The machine's network changes whenever a container network comes or goes; the browser says so and tries again.
    assert [complaint for complaint in complaints if "ERR_NETWORK_CHANGED" not in complaint] == []
