"""Signing in by a real OpenID Connect provider, which runs beside the test: discovery, keys, PKCE, groups, linking."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from portal import wiring
from portal.adapters.oidc import Client, OpenIdProvider
from portal.api import external, sessions
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.errors import Refused, Unavailable
from portal.domain.identity import NewUser
from portal.domain.oidc import AuthorizationRequest
from portal.kit.cookies import SESSION_COOKIE
from tests.serving import serving
from tests.stage import PortalStage

pytestmark = [pytest.mark.live, pytest.mark.req("REQ-P3-006")]
FOLDER = Path(__file__).resolve().parents[1] / "oidc"
SECRET = "a secret between two machines"
PASSWORD = "a long walk on the beach"
PEOPLE = {
    "gina": {"preferred_username": "gina", "name": "Gina", "email": "gina@example.org", "groups": ["devs"]},
    "cook": {"preferred_username": "cook", "groups": ["kitchen"]},
    "alice": {"preferred_username": "alice", "email": "alice@example.org", "groups": ["admins"]},
}


def _install() -> None:
    """From the locked list, once; two tests at once wait for each other."""
    with (FOLDER / ".npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (FOLDER / "node_modules" / ".package-lock.json").exists():
            return
        npm = shutil.which("npm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert npm, "npm is not installed. Run: bin/setup"
        asked = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(asked, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def portal_url() -> Iterator[str]:
    with serving(Starlette(routes=[*sessions.routes, *external.routes])) as url:
        yield url


@pytest.fixture(scope="module")
def issuer(portal_url: str) -> Iterator[str]:
    _install()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert node, "node is not installed. Run: bin/setup"
    command = [node, "provider.mjs", str(port), f"{portal_url}/auth/oidc/callback"]
    environment = {**os.environ, "PEOPLE": json.dumps(PEOPLE)}
    with subprocess.Popen(
        command, cwd=FOLDER, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            assert b"open at" in process.stdout.readline(), "the provider did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # the program that starts Node, and Node


@pytest.fixture
def stage(tmp_path: Path, portal_url: str, issuer: str) -> Iterator[PortalStage]:
    settings = {
        "PORTAL_PUBLIC_URL": portal_url,
        "PORTAL_OIDC_ISSUER": issuer,
        "PORTAL_OIDC_CLIENT_ID": "portal",
        "PORTAL_OIDC_CLIENT_SECRET": SECRET,
        "PORTAL_OIDC_SCOPES": "openid profile email groups",
        "PORTAL_OIDC_ROLES": "devs=developer@dev, admins=administrator",
    }
    staged = PortalStage(tmp_path, settings=settings)
    staged.core.identity.create_user(SYSTEM, NewUser("alice", PASSWORD, (Grant(Role.RELEASE_MANAGER),)))
    wiring.use(staged.core)
    yield staged
    staged.core.database.close()


class Browser:
    """Follows redirects and fills in the forms of the provider, as a person would."""

    def __init__(self, portal: str) -> None:
        self._client, self._portal = httpx.Client(timeout=20), portal
        self.seen: list[str] = []

    def close(self) -> None:
        self._client.close()

    def sign_in(self, login: str, path: str = "/auth/oidc/start?next=/rollouts") -> httpx.URL:
        """Where the person is in the end, at an address of the portal that no test serves."""
        answer = self._client.get(self._portal + path)
        for _ in range(20):
            self.seen.append(str(answer.request.url))
            if answer.has_redirect_location:
                target = urljoin(str(answer.request.url), answer.headers["location"])
                if target.startswith(self._portal) and "/auth/" not in urlsplit(target).path:
                    return httpx.URL(target)
                answer = self._client.get(target)
            else:
                answer = self._fill_in(answer, login)
        raise AssertionError(self.seen)

    def _fill_in(self, page: httpx.Response, login: str) -> httpx.Response:
        assert page.status_code == 200, page.text
        action = re.search(r'action="([^"]+)"', page.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
        assert action is not None, page.text
        assert prompt is not None, page.text
        form = {"prompt": prompt[1], "login": login, "password": "any"}
        return self._client.post(urljoin(str(page.request.url), action[1]), data=form)

    @property
    def session(self) -> str:
        return self._client.cookies.get(SESSION_COOKIE) or ""


NewVisitor = Callable[[], Browser]


@pytest.fixture
def visitor(portal_url: str) -> Iterator[NewVisitor]:
    """Makes browsers, each with cookies of its own."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(Browser(portal_url)))


def test_somebody_of_a_group_signs_in_and_has_its_role(stage: PortalStage, visitor: NewVisitor):
    browser = visitor()
    assert browser.sign_in("gina").path == "/rollouts"
    actor = stage.core.identity.actor_of_session(browser.session)
    assert (actor.name, actor.grants) == ("gina", (Grant(Role.DEVELOPER, "dev"),))
    asked = next(url for url in browser.seen if "code_challenge=" in url)
    assert "code_challenge_method=S256" in asked
    assert "nonce=" in asked


@pytest.mark.parametrize(("login", "error"), [("cook", "oidc_no_role"), ("alice", "oidc_name_taken")])
def test_a_stranger_and_a_namesake_stay_outside(stage: PortalStage, visitor: NewVisitor, login: str, error: str):
    browser = visitor()
    end = browser.sign_in(login)
    assert (end.path, end.params["error"]) == ("/sign-in", error)
    assert browser.session == ""


def test_a_user_links_the_account_and_comes_in_by_it(stage: PortalStage, visitor: NewVisitor):
    _, alice = stage.core.identity.sign_in("alice", PASSWORD, address="")
    ticket = stage.core.external.link_ticket(alice)
    assert visitor().sign_in("alice", f"/auth/oidc/start?next=/profile&ticket={ticket}").path == "/profile"
    again = visitor()
    assert again.sign_in("alice").path == "/rollouts"
    assert stage.core.identity.actor_of_session(again.session).grants == (Grant(Role.RELEASE_MANAGER),)


def test_who_signs_in_anew_is_asked_for_the_password_although_the_provider_knows_them(
    stage: PortalStage, visitor: NewVisitor
):
    browser = visitor()
    browser.sign_in("gina")
    first = browser.session
    browser.seen.clear()
    assert browser.sign_in("gina", "/auth/oidc/start?next=/profile").path == "/profile"
    assert not [url for url in browser.seen if "/interaction/" in url], "nothing is asked without need"
    browser.seen.clear()
    assert browser.sign_in("gina", "/auth/oidc/start?next=/profile&fresh=1").path == "/profile"
    assert [url for url in browser.seen if "/interaction/" in url]
    actor = stage.core.identity.actor_of_session(browser.session)
    assert actor.proved_at is not None
    assert stage.clock.now() - actor.proved_at < timedelta(minutes=1)
    with pytest.raises(Refused, match="session_over"):
        stage.core.identity.actor_of_session(first)


def test_a_code_is_worth_nothing_without_the_verifier(stage: PortalStage, portal_url: str, issuer: str):
    """Whoever steals a code on the way cannot use it: the secret behind the challenge stays here."""
    provider = OpenIdProvider(issuer, Client("portal", SECRET))
    with pytest.raises(Refused, match="oidc_answer_bad"):
        provider.claims("stolen", verifier="x" * 43, redirect_uri=f"{portal_url}/auth/oidc/callback")
    bare = httpx.get(f"{issuer}/auth", params={"client_id": "portal", "response_type": "code", "scope": "openid"})
    assert "code=" not in bare.headers.get("location", "")


def test_an_answer_to_another_browser_is_refused(stage: PortalStage, portal_url: str):
    victim = httpx.get(f"{portal_url}/auth/oidc/callback", params={"code": "of mallory", "state": "of mallory"})
    assert "error=sign_in_again" in victim.headers["location"]


def test_configuration_and_keys_are_fetched_once(issuer: str):
    asked: list[str] = []

    class Counting(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request.url.path)
            return super().handle_request(request)

    provider = OpenIdProvider(issuer, Client("portal", SECRET), transport=Counting())
    for _ in range(3):
        provider.authorization_url(AuthorizationRequest("http://x", "s", "n", "c"))
        assert provider._keys(600)
    assert asked == ["/.well-known/openid-configuration", "/jwks"]


def answering(content: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(200, content=content))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"issuer": "https://evil.example"}', b" " * 1_100_000, b"\xff\xfe"]
)
def test_a_provider_that_is_none_is_told_in_words(content: bytes):
    provider = OpenIdProvider("https://id.example", Client("portal"), transport=answering(content))
    with pytest.raises(Unavailable, match="oidc_unavailable"):
        provider.authorization_url(AuthorizationRequest("http://x", "s", "n", "c"))


def test_a_provider_that_does_not_answer_is_told_in_words():
    with pytest.raises(Unavailable, match="oidc_unavailable"):
        OpenIdProvider("http://127.0.0.1:1", Client("portal")).authorization_url(
            AuthorizationRequest("http://x", "s", "n", "c")
        )
