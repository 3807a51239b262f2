"""Accounts in real browsers: an invitation, a second factor with its recovery code, and sessions that end elsewhere."""

from __future__ import annotations

import base64
import re
import time

import httpx
import pytest
from playwright.sync_api import Page, expect

from portal.domain.second_factor import code_at
from portal.kit.rest import REST_ROOT
from tests.e2e.conftest import Arrive, Served

pytestmark = [pytest.mark.timeout(120), pytest.mark.req("REQ-P3-006")]
PASSWORD = "ivan walks along the beach"


def rest(portal: Served) -> httpx.Client:
    return httpx.Client(base_url=portal.url + REST_ROOT, headers={"Authorization": f"Bearer {portal.token}"})


def come(portal: Served, name: str) -> None:
    """Somebody new, who has set a password by a link."""
    with rest(portal) as dora:
        made = dora.post("/users/invitations", json={"name": name, "grants": [{"role": "viewer"}]}).json()
    form = {"invitation": made["secret"], "name": name, "password": PASSWORD, "again": PASSWORD}
    answer = httpx.post(f"{portal.url}/auth/invitation", data=form, headers={"origin": portal.url})
    assert "password_is_set" in answer.headers["location"]
    portal.passwords[name] = PASSWORD


def accept(page: Page, path: str) -> None:
    page.goto(path)
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile("/sign-in"))


def enrol(page: Page) -> str:
    """Set up a second factor; one of the recovery codes."""
    page.goto("/profile")
    page.get_by_role("button", name="Set it up").click()
    typed = page.locator("form code").inner_text().replace(" ", "")
    secret = base64.b32decode(typed + "=" * (-len(typed) % 8))
    page.fill("#code", code_at(secret, int(time.time()) // 30))
    page.get_by_role("button", name="Turn it on").click()
    code = page.locator(".codes code").first.inner_text()
    page.get_by_role("button", name="I have kept them").click()
    return code


def test_ivan_is_invited_sets_up_a_second_factor_and_comes_in_by_a_recovery_code(arrive: Arrive, portal: Served):
    dora = arrive("dora")
    dora.goto("/users/new")
    dora.fill("main #name", "ivan")
    dora.select_option("#role", "viewer")
    dora.locator("main form button[type=submit]").click()
    link = dora.locator(".secret input").input_value()
    assert "/invitation?name=ivan#" in link

    accept(dora, link.removeprefix(portal.url))
    portal.passwords["ivan"] = PASSWORD
    ivan = arrive("ivan")
    recovery = enrol(ivan)

    ivan.context.clear_cookies(name="portal_session")
    ivan.goto("/sign-in")
    ivan.fill("#name", "ivan")
    ivan.fill("#password", PASSWORD)
    ivan.click("button[type=submit]")
    ivan.wait_for_url(re.compile("/sign-in/code"))
    ivan.fill("#code", "not-a-code")
    ivan.click("button[type=submit]")
    expect(ivan.locator(".trouble")).to_contain_text("code")
    ivan.fill("#code", recovery)
    ivan.click("button[type=submit]")
    ivan.wait_for_url(f"{portal.url}/")
    ivan.goto("/profile")
    expect(ivan.locator("main")).to_contain_text("9 recovery codes")


@pytest.mark.parametrize("way", ["sessions", "grants"])
def test_a_session_that_ended_elsewhere_is_over_at_the_next_event(arrive: Arrive, portal: Served, way: str):
    name = f"judy-{way}"
    come(portal, name)
    judy = arrive(name)
    judy.goto("/releases")
    judy.wait_for_selector("main table")
    with rest(portal) as dora:
        if way == "sessions":
            ended = dora.delete(f"/users/{name}/sessions", params={"reason": "left the desk"})
        else:
            grants = {"grants": [{"role": "developer"}]}
            ended = dora.put(f"/users/{name}/grants", json=grants, params={"reason": "joins the team"})
        assert ended.is_success, ended.text
    judy.get_by_role("link", name="Sessions", exact=True).click()
    judy.wait_for_url(re.compile("/sign-in"))
