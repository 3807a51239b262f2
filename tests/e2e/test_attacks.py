"""What Mallory tries at the front door: planted cookies, forms of foreign pages, text that would like to be code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser
from starlette.routing import Route

from benchmarks.barriers import show
from portal.api import sessions
from portal.domain.errors import PortalError
from portal.kit.cookies import SESSION_COOKIE
from portal.services.identity import Identity
from portal.settings import Settings
from portal.web.build import BUILT, ROOT
from portal.web.navigation import nouns
from portal.wiring import build
from tests.e2e.conftest import CAROLS_PASSWORD, Served

pytestmark = pytest.mark.timeout(300)
FORMS = [route.path for route in sessions.routes if isinstance(route, Route)]
CAROL = {"name": "carol", "password": CAROLS_PASSWORD}
CODE = (
    '<img src=x onerror="window.xss=1" data-xss><script>window.xss=1</script>'
    '<a data-xss href="javascript:window.xss=1">a</a> [b](javascript:window.xss=1) {{7*7}} ${7*7} \'"--'
)
RUN_OR_MADE = """() => [...(window.xss ? ["it ran"] : []),
  ...[...document.querySelectorAll("[data-xss], a[href^='javascript:' i]")].map(made => made.outerHTML)]"""


@pytest.fixture
def client(portal: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=portal.url, timeout=30) as client:
        yield client


@pytest.fixture
def dora(portal: Served) -> Iterator[httpx.Client]:
    """The administrator's program."""
    with httpx.Client(
        base_url=f"{portal.url}/api/v1", headers={"authorization": f"Bearer {portal.token}"}, timeout=30
    ) as client:
        yield client


@pytest.fixture(scope="module")
def identity(portal: Served) -> Iterator[Identity]:
    """The same people and sessions as the portal that is served has."""
    core = build(Settings.from_environment({"PORTAL_DATA": str(portal.log.parent), "PORTAL_ENGINE": "memory"}))
    yield core.identity
    core.database.close()


def is_let_in(identity: Identity, cookie: str) -> bool:
    try:
        return not identity.actor_of_session(cookie.partition("=")[2]).is_anonymous
    except PortalError:
        return False


def test_a_planted_cookie_does_not_become_the_session_of_its_victim(
    portal: Served, client: httpx.Client, identity: Identity
) -> None:
    planted = f"{SESSION_COOKIE}=chosen-by-mallory"
    answer = client.post("/auth/sign-in", data=CAROL, headers={"origin": portal.url, "cookie": planted})

    own = answer.headers["set-cookie"].partition(";")[0]
    assert own != planted
    assert is_let_in(identity, own)
    assert not is_let_in(identity, planted)


def test_each_sign_in_is_a_session_of_its_own_and_ends_alone(
    portal: Served, client: httpx.Client, identity: Identity
) -> None:
    first, second = portal.sign_in("carol"), portal.sign_in("carol")
    assert first != second
    assert client.post("/auth/sign-out", headers={"origin": portal.url, "cookie": first}).status_code == 303

    assert not is_let_in(identity, first)
    assert is_let_in(identity, second)


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://127.0.0.1:1", None])
@pytest.mark.parametrize("path", FORMS)
def test_the_form_of_a_foreign_page_does_nothing(
    portal: Served, client: httpx.Client, identity: Identity, path: str, origin: str | None
) -> None:
    cookie = portal.sign_in("carol")
    headers = {"cookie": cookie} | ({} if origin is None else {"origin": origin})

    assert client.post(path, data=CAROL, headers=headers).status_code == 403
    assert is_let_in(identity, cookie)


@pytest.mark.parametrize("path", FORMS)
def test_a_link_does_not_do_what_a_form_does(
    portal: Served, client: httpx.Client, identity: Identity, path: str
) -> None:
    cookie = portal.sign_in("carol")

    answer = client.get(path, headers={"cookie": cookie})
    assert "set-cookie" not in answer.headers
    assert is_let_in(identity, cookie)


@pytest.mark.parametrize("path", ["/releases/1", "/api/v1/releases"])
def test_a_session_works_from_no_foreign_origin(portal: Served, client: httpx.Client, path: str) -> None:
    headers = {"cookie": portal.sign_in("dora"), "origin": "http://evil.test"}
    assert client.post(path, json={}, headers=headers).status_code == 403
    answer = client.get("/api/v1/me", headers=headers)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "target",
    ["//evil.test", "http://evil.test", "/\\evil.test", "/%0d%0aset-cookie:a=b", "javascript:alert(1)", "/\t/x"],
)
def test_signing_in_leads_to_no_other_site(portal: Served, client: httpx.Client, target: str) -> None:
    answer = client.post("/auth/sign-in", data=CAROL | {"next": target}, headers={"origin": portal.url})

    assert answer.status_code == 303
    assert client.build_request("GET", answer.headers["location"]).url.host == "127.0.0.1"
    assert answer.headers["location"].startswith("/")
    assert not answer.headers["location"].startswith(("//", "/\\"))


def test_a_form_without_an_end_is_turned_away(portal: Served, client: httpx.Client) -> None:
    def stream() -> Iterator[bytes]:
        yield b"name=carol&password="
        for _ in range(64):
            yield b"x" * 1024

    answer = client.post(
        "/auth/sign-in",
        content=stream(),
        headers={"origin": portal.url, "content-type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 303
    assert "error=form_too_long" in answer.headers["location"]


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/releases", "/rollouts/1", "/no/such/page", "/api/v1/me", "/healthz"]
)
def test_every_answer_says_how_it_may_be_used(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers
    if answer.headers["content-type"].startswith("text/html"):
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert "'unsafe-inline'" not in policy["script-src"]
        assert "'unsafe-eval'" not in policy["script-src"]
        assert policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"


def planted(dora: httpx.Client) -> None:
    """Text that would like to be code, in every field that takes text."""
    orders: list[tuple[str, str, dict[str, object]]] = [
        ("PUT", "/services/marked", {"repository": "hello", "description": CODE}),
        ("PUT", "/environments/marked", {"stage": "dev", "position": 9, "host_prefix": "marked.", "description": CODE}),
        ("POST", "/releases", {"service": "marked", "version": "1.0.0", "image": "hello:1.1.0", "notes": CODE}),
        ("POST", "/freezes", {
            "name": CODE[:100], "environment": "marked",
            "starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-01-02T00:00:00Z",
        }),
        ("POST", "/views", {"noun": "releases", "name": CODE[:60], "query": "service=marked", "is_shared": True}),
        ("POST", "/rollouts", {
            "service": "marked", "version": "1.0.0", "environment": "marked", "reason": CODE,
            "plan": "strategy: blue-green",
        }),
    ]  # fmt: skip
    for method, path, order in orders:
        answer = dora.request(method, path, json=order)
        assert answer.status_code < 300, (path, answer.text)


def test_text_that_would_like_to_be_code_stays_text(portal: Served, browser: Browser, dora: httpx.Client) -> None:
    planted(dora)
    said: list[str] = []
    context = browser.new_context(base_url=portal.url)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("dialog", lambda dialog: said.append(dialog.message))
    name, _, value = portal.sign_in("dora").partition("=")
    context.add_cookies([{"name": name, "value": value, "url": portal.url}])
    for path in (*(noun.path for noun in nouns()), "/releases/marked/1.0.0", "/rollouts?service=marked"):
        show(page, path)
        if "marked" in path:
            page.get_by_text("onerror").first.wait_for(state="attached")
        assert page.evaluate(RUN_OR_MADE) == [], path
    context.close()

    assert said == []


def test_no_secret_is_where_it_could_be_read(portal: Served, client: httpx.Client, dora: httpx.Client) -> None:
    cookie = portal.sign_in("dora")
    secrets = [portal.token, cookie.partition("=")[2], *portal.passwords.values()]
    wrong = "a wrong password of a careless person"
    client.post("/auth/sign-in", data={"name": "carol", "password": wrong}, headers={"origin": portal.url})

    texts = {path: dora.get(path).text for path in ("/audit/export", "/audit", "/users", "/tokens", "/sessions", "/me")}
    texts |= {path: client.get(path).text for path in ("/healthz", "/metrics", "/api/v1/openapi.json")}
    places = {name: text.encode() for name, text in texts.items()}
    folders = (portal.log.parent, ROOT / BUILT)
    places |= {str(path): path.read_bytes() for folder in folders for path in _files(folder)}
    assert len(places) > 20
    assert {
        (name, secret) for name, text in places.items() for secret in [*secrets, wrong] if secret.encode() in text
    } == set()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
