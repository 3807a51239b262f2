"""The documentation over HTTP: open to all unless the settings say otherwise, packed, never run as a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from httpx import Client
from starlette.applications import Starlette

from portal import wiring
from portal.api import reader
from portal.api.origin import SameOrigin
from portal.kit.allowance import Allowance
from portal.kit.cookies import SESSION_COOKIE
from portal.services import support
from portal.web.build import ROOT
from portal.web.reader.build import ensure_documents
from tests.api.conftest import PASSWORD, Asking
from tests.serving import serving
from tests.stage import PortalStage

pytestmark = pytest.mark.req("REQ-P3-013")


@pytest.fixture(scope="module")
def books() -> Iterator[str]:
    ensure_documents(ROOT)
    with serving(SameOrigin(Starlette(routes=list(reader.routes)))) as address:
        yield address


@pytest.fixture
def client(books: str, stage: PortalStage) -> Iterator[Client]:
    wiring.use(stage.core)
    with Client(base_url=books, timeout=30) as opened:
        yield opened


@pytest.fixture
def closed(stage: PortalStage) -> Iterator[None]:
    """Only who is signed in may read."""
    parts = replace(stage.core.parts, settings=replace(stage.core.settings, are_documents_public=False))
    wiring.use(replace(stage.core, parts=parts))
    yield
    wiring.use(stage.core)


def test_a_page_is_read_without_signing_in_and_may_run_nothing(client: Client):
    answer = client.get("/docs/zh/quick-start")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-encoding"] == "gzip"
    policies = answer.headers.get_list("content-security-policy")
    assert policies == [reader.POLICY]
    assert "unsafe" not in policies[0]
    assert '<html lang="zh-CN"' in answer.text
    plain = client.get("/docs/zh/quick-start", headers={"Accept-Encoding": "identity"})
    assert plain.text == answer.text


def test_a_page_that_was_read_before_is_not_sent_again(client: Client):
    tag = client.get("/docs/en").headers["etag"]
    assert client.get("/docs/en", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({"Accept-Language": "zh-CN,zh;q=0.9"}, "zh"),
        ({"Accept-Language": "fr"}, "en"),
        ({"Accept-Language": "zh", "Cookie": "portal_language=en"}, "en"),
    ],
)
def test_an_address_without_a_language_leads_to_the_readers_own(client: Client, headers: dict[str, str], language: str):
    assert client.get("/docs", headers=headers).headers["location"] == f"/docs/{language}"
    assert client.get("/docs/plans", headers=headers).headers["location"] == f"/docs/{language}/plans"


@pytest.mark.parametrize("name", ["nothing", "404", "..%2fsearch", "a" * 300, "Plans", "plans.html"])
def test_what_is_no_page_is_said_in_the_language_of_the_address(client: Client, name: str):
    answer = client.get(f"/docs/zh/{name}")
    assert answer.status_code == 404
    if "%2f" not in name:
        assert "没有这个页面" in answer.text


@pytest.mark.parametrize("name", ["%2e%2e/search.db", "search.db", "x.png", "..%2f..%2f..%2frxconfig.py"])
def test_nothing_but_pages_and_images_is_handed_out(client: Client, name: str):
    assert client.get(f"/docs/images/{name}").status_code == 404


def test_a_search_answers_with_places_and_excerpts(client: Client):
    found = client.get("/docs/search", params={"text": "备份", "language": "zh"}).json()
    assert any(hit["path"].startswith("/docs/zh/operations") for hit in found)
    assert any(piece["is_match"] for piece in found[0]["excerpt"])
    assert client.get("/docs/search", params={"text": "x" * 5000, "language": "../"}).json() == []
    assert client.get("/docs/search").json() == []


def test_documents_for_people_who_are_signed_in_lead_others_to_the_door(
    client: Client, closed: None, stage: PortalStage, tokens: dict[str, str]
):
    answer = client.get("/docs/en/plans")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fdocs%2Fen%2Fplans")
    assert client.get("/docs/search", params={"text": "plan"}).status_code == 401
    assert client.get("/docs/images/rollout-en.png").status_code == 303
    secret, _ = stage.core.identity.sign_in("carol", PASSWORD, address="192.0.2.1")
    read = client.get("/docs/en/plans", headers={"Cookie": f"{SESSION_COOKIE}={secret}"})
    assert read.status_code == 200


def test_what_a_visitor_says_on_a_page_reaches_support_and_is_answered_over_rest(
    client: Client, books: str, asking: Asking, stage: PortalStage
):
    form = {"page": "plans", "language": "zh", "helpful": "no", "text": "缺少<b>示例</b>" * 100}
    answer = client.post("/docs/feedback", data=form, headers={"Origin": books})
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs/zh/plans#reader-thanks")
    assert asking("carol").get("/feedback").json()["total"] == 0
    [given] = asking("erin").get("/feedback", params={"state": "new"}).json()["items"]
    assert (given["text"], given["author"]) == (form["text"], "")
    number = given["id"]
    assert asking("carol").get(f"/feedback/{number}").status_code == 404
    assert asking("dave").put(f"/feedback/{number}/answer", json={"answer": "so"}).status_code == 403
    told = asking("erin").put(f"/feedback/{number}/answer", json={"answer": "so"}).json()
    assert (told["state"], told["answered_by"]) == ("answered", "erin")
    assert asking("erin").put(f"/feedback/{number}/closed").json()["state"] == "closed"
    assert asking("erin").put(f"/feedback/{number}/closed").status_code == 409
    assert asking("erin").delete(f"/feedback/{number}/closed").json()["state"] == "new"


def test_who_is_signed_in_is_named_and_reads_the_answer(
    client: Client, books: str, asking: Asking, stage: PortalStage, tokens: dict[str, str]
):
    secret, _ = stage.core.identity.sign_in("bob", PASSWORD, address="192.0.2.1")
    headers = {"Origin": books, "Cookie": f"{SESSION_COOKIE}={secret}"}
    form = {"page": "index", "language": "en", "helpful": "yes", "text": "well done"}
    assert client.post("/docs/feedback", data=form, headers=headers).status_code == 303
    [mine] = asking("bob").get("/feedback").json()["items"]
    assert (mine["author"], mine["is_helpful"], mine["page"]) == ("bob", True, "index")


@pytest.mark.parametrize("page", ["nothing", "../../etc/passwd", "", "404"])
def test_only_what_concerns_a_page_is_kept(client: Client, books: str, page: str):
    form = {"page": page, "language": "en", "helpful": "yes", "text": "x"}
    answer = client.post("/docs/feedback", data=form, headers={"Origin": books})
    assert answer.headers["location"].endswith("#reader-feedback-failed")


def test_another_site_cannot_speak_for_a_reader(client: Client):
    form = {"page": "plans", "language": "en", "helpful": "no", "text": "spam"}
    assert client.post("/docs/feedback", data=form, headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_flood_of_feedback_is_told_to_wait(client: Client, books: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(support, "ALLOWANCES", support.Allowances(Allowance(1, 60), Allowance(9, 60)))
    form = {"page": "plans", "language": "en", "helpful": "yes"}
    places = [client.post("/docs/feedback", data=form, headers={"Origin": books}).headers["location"] for _ in range(2)]
    assert places == ["/docs/en/plans#reader-thanks", "/docs/en/plans#reader-feedback-wait"]
    huge = client.post("/docs/feedback", data={**form, "text": "x" * 99_000}, headers={"Origin": books})
    assert huge.headers["location"] == "/docs#reader-feedback-failed"
