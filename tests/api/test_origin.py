"""Only the portal's own pages may change anything: who is foreign, and what every answer says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from portal.api.origin import SameOrigin, is_foreign
from portal.api.page_paths import page_paths
from portal.api.policy_header import inline_hashes
from portal.api.sessions import own_path
from tests.serving import serving

OWN = "http://portal.test"


def scope(kind: str, method: str = "POST", **headers: str) -> dict[str, object]:
    pairs = [(name.encode(), value.encode()) for name, value in ({"host": "portal.test"} | headers).items()]
    return {"type": kind, "method": method, "headers": pairs, "path": "/"}


@pytest.mark.parametrize(
    ("kind", "method", "headers", "foreign"),
    [
        ("http", "GET", {"origin": "http://evil.test", "cookie": "a=b"}, False),
        ("http", "POST", {"origin": OWN, "cookie": "a=b"}, False),
        ("http", "POST", {"origin": "http://evil.test"}, True),
        ("http", "POST", {"origin": "null", "cookie": "a=b"}, True),
        ("http", "POST", {"origin": "http://portal.test.evil.test"}, True),
        ("http", "POST", {"origin": "http://portal.test:8080"}, True),
        ("http", "POST", {"cookie": "a=b"}, True),
        ("http", "POST", {"cookie": "a=b", "authorization": "Bearer x"}, True),
        ("http", "POST", {"authorization": "Bearer x"}, False),
        ("http", "DELETE", {"origin": "http://evil.test", "authorization": "Bearer x"}, True),
        ("websocket", "GET", {"origin": OWN}, False),
        ("websocket", "GET", {"origin": "HTTP://PORTAL.TEST"}, False),
        ("websocket", "GET", {"origin": "http://evil.test"}, True),
        ("websocket", "GET", {"origin": "null"}, True),
        ("websocket", "GET", {}, True),
        ("websocket", "GET", {"authorization": "Bearer x"}, True),
    ],
)
def test_who_is_foreign(kind: str, method: str, headers: dict[str, str], foreign: bool) -> None:
    assert is_foreign(scope(kind, method, **headers)) is foreign


def test_a_request_without_a_host_is_foreign() -> None:
    assert is_foreign({"type": "http", "method": "POST", "headers": [(b"origin", b"http://")], "path": "/"})


async def _page(_: Request) -> HTMLResponse:
    return HTMLResponse("<p>hello</p>")


async def _done(_: Request) -> PlainTextResponse:
    return PlainTextResponse("done")


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    routes = [Route("/", _page), Route("/assets/app-1a2b.js", _done), Route("/act", _done, methods=["POST"])]
    with serving(SameOrigin(Starlette(routes=routes))) as url, httpx.Client(base_url=url) as client:
        yield client


def test_a_foreign_page_gets_nothing_done_and_a_sentence(client: httpx.Client) -> None:
    refused = client.post("/act", headers={"origin": "http://evil.test"})

    assert refused.status_code == 403
    assert "page of the portal" in refused.text
    assert client.post("/act", headers={"origin": str(client.base_url).rstrip("/")}).text == "done"


def test_every_answer_says_how_it_may_be_used(client: httpx.Client) -> None:
    page = client.get("/")

    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "same-origin"
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy


def test_hashed_files_are_kept_for_a_year_and_pages_asked_for_again(client: httpx.Client) -> None:
    assert "immutable" in client.get("/assets/app-1a2b.js").headers["cache-control"]
    assert client.get("/").headers["cache-control"] == "no-cache"
    assert client.get("/assets/missing.js").headers["cache-control"] == "no-cache"


def test_a_page_is_answered_at_its_own_address(tmp_path: Path) -> None:
    for page in (".", "releases", "releases/new"):
        (tmp_path / page).mkdir(exist_ok=True)
        (tmp_path / page / "index.html").write_text("<p>a page</p>")

    assert page_paths(tmp_path) == {"/releases", "/releases/new"}


def test_inline_scripts_are_known_by_their_hash(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text(
        '<script>let a=1</script><script src="/x.js"></script><script>let a=1</script>'
    )

    found = inline_hashes(tmp_path)

    assert found == ("'sha256-+Q3dsIT3kYyYXlBldxY4Baal1kEoF6cDrlPvZn4iLYs='",)


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/rollouts/7?tab=a", "/rollouts/7?tab=a"),
        ("", "/"),
        ("//evil.test", "/"),
        ("http://evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/a\r\nset-cookie: a=b", "/"),
        ("/" + "a" * 400, "/"),
    ],
)
def test_after_signing_in_one_stays_in_the_portal(wanted: str, target: str) -> None:
    assert own_path(wanted) == target
