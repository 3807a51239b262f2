"""The recipe for TLS, as it is printed: nginx runs with its configuration, and people sign in through it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, WebSocket, expect

from portal.web.build import ensure_built
from tests.docs.pages import ROOT, fences
from tests.e2e.conftest import Served, free_port, serving

pytestmark = [pytest.mark.e2e, pytest.mark.req("REQ-P3-013")]
HOST = "portal.example.com"
START_SECONDS = 10
AROUND = """\
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/portal.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """The portal behind nginx, and the ports that stand for 80 and 443."""

    portal: Served
    http: int
    https: int


def recipe() -> str:
    return next(fence.text for fence in fences(ROOT / "docs/en/recipes.md") if fence.language == "nginx")


def settings() -> dict[str, str]:
    """What the recipe tells the portal."""
    return dict(re.findall(r"^(PORTAL_\w+)=(.+)$", (ROOT / "docs/en/recipes.md").read_text("utf-8"), re.MULTILINE))


def moved(text: str, places: dict[str, str]) -> str:
    """The printed configuration with other ports and files, each of which must be in it once."""
    for printed, used in places.items():
        assert text.count(printed) == 1, printed
        text = text.replace(printed, used)
    return text


def certify(folder: Path) -> None:
    subject = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(command, check=True, capture_output=True, timeout=START_SECONDS)


@contextmanager
def nginx(folder: Path, front: Front) -> Iterator[None]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    assert program, "nginx is not installed. Run: bin/setup --system nginx"
    places = {
        "listen 80;": f"listen 127.0.0.1:{front.http};",
        "listen 443 ssl;": f"listen 127.0.0.1:{front.https} ssl;",
        "http://127.0.0.1:3000;": f"{front.portal.url};",
        "/etc/ssl/portal/fullchain.pem": str(folder / "chain.pem"),
        "/etc/ssl/portal/key.pem": str(folder / "key.pem"),
    }
    certify(folder)
    (folder / "portal.conf").write_text(moved(recipe(), places), "utf-8")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder), "utf-8")
    log = folder / "log"
    with log.open("wb") as output:
        command = [program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        await_answer(f"http://127.0.0.1:{front.http}/", process, log)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(url, timeout=2)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"nginx did not start:\n{log.read_text()}", pytrace=False)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    ensure_built()
    (tmp_path / "nginx").mkdir()
    with serving(tmp_path / "portal", **settings()) as portal:
        front = Front(portal, free_port(), free_port())
        with nginx(tmp_path / "nginx", front):
            yield front


def test_people_sign_in_and_pages_live_behind_tls_as_the_recipe_sets_it_up(front: Front, browser: Browser) -> None:
    answer = httpx.get(f"http://127.0.0.1:{front.http}/rollouts?page=2", headers={"host": HOST})
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{HOST}/rollouts?page=2")
    options = ["--no-sandbox", "--disable-background-networking"]
    options += [f"--host-resolver-rules=MAP {HOST}:80 127.0.0.1:{front.http}, MAP {HOST}:443 127.0.0.1:{front.https}"]
    own = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=options)
    try:
        through(own, front)
    finally:
        own.close()


def through(browser: Browser, front: Front) -> None:
    page = browser.new_page(ignore_https_errors=True, locale="en")
    page.set_default_timeout(20_000)
    sockets: list[WebSocket] = []
    complaints: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108 - it marks what it is given
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"http://{HOST}/sign-in")
    assert page.url.startswith(f"https://{HOST}/sign-in")
    page.fill("#name", "dora")
    page.fill("#password", front.portal.passwords["dora"])
    page.click("button[type=submit]")
    page.wait_for_url(f"https://{HOST}/")
    expect(page.locator("main .card").first).to_be_visible()  # which comes through the websocket
    assert {socket.url.partition("?")[0] for socket in sockets} == {f"wss://{HOST}/_event/"}
    assert not sockets[-1].is_closed()
    session = [cookie for cookie in page.context.cookies() if cookie.get("httpOnly")]
    assert session
    assert all(cookie.get("secure") for cookie in session)
    assert complaints == []
