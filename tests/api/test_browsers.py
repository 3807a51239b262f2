"""A page of the portal may read with its session; no other site may do anything."""

from __future__ import annotations

import pytest

from portal.kit.cookies import SESSION_COOKIE
from tests.api.conftest import PASSWORD, Asking
from tests.stage import PortalStage


@pytest.fixture(scope="module")
def session(stage: PortalStage, tokens: dict[str, str]) -> dict[str, str]:
    secret, _ = stage.core.identity.sign_in("carol", PASSWORD, address="192.0.2.1")
    return {"Cookie": f"{SESSION_COOKIE}={secret}"}


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_of_the_portal_reads_with_its_session(asking: Asking, session: dict[str, str], site: str):
    answer = asking().get("/me", headers={**session, "Sec-Fetch-Site": site})
    assert answer.json()["name"] == "carol"


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_another_site_does_not(asking: Asking, session: dict[str, str], site: str | None):
    fetched = {"Sec-Fetch-Site": site} if site else {}
    assert asking().get("/me", headers={**session, **fetched}).status_code == 401


def test_where_the_browser_says_nothing_else_the_referer_counts(asking: Asking, session: dict[str, str]):
    """Over plain http to another machine browsers leave Sec-Fetch-Site out, and downloads shall work there too."""
    client = asking()
    own = f"http://{client.base_url.netloc.decode()}/audit"
    answer = client.get("/me", headers={**session, "Referer": own})
    assert answer.json()["name"] == "carol"
    for other in ("http://evil.example/audit", f"{own.replace('http://', 'http://evil.')}", "", "audit", "http://"):
        assert client.get("/me", headers={**session, "Referer": other}).status_code == 401
    claimed = {**session, "Referer": own, "Sec-Fetch-Site": "cross-site"}
    assert client.get("/me", headers=claimed).status_code == 401
    assert client.post("/tokens", json={"name": "x"}, headers={**session, "Referer": own}).status_code == 401


def test_a_page_is_answered_in_the_language_that_its_reader_has_chosen(asking: Asking, session: dict[str, str]):
    chosen = {"Cookie": f"{session['Cookie']}; portal_language=zh", "Sec-Fetch-Site": "same-origin"}
    refused = asking().get("/users", headers=chosen).json()["detail"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in refused)
    program = asking("carol").get("/users", headers={"Cookie": "portal_language=zh"}).json()["detail"]
    assert program.isascii()


def test_a_session_changes_nothing_here(asking: Asking, session: dict[str, str]):
    answer = asking().post("/tokens", json={"name": "x"}, headers={**session, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 401


def test_a_session_that_is_over_is_refused(asking: Asking):
    headers = {"Cookie": f"{SESSION_COOKIE}=gone", "Sec-Fetch-Site": "same-origin"}
    answer = asking().get("/me", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_over")


def test_no_other_origin_is_invited(asking: Asking):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [asking("carol").options("/rollouts", headers=headers), asking("carol").get("/me", headers=headers)]
    assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]


def test_answers_are_kept_by_no_cache_and_guessed_by_no_browser(asking: Asking):
    headers = asking("carol").get("/me").headers
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
