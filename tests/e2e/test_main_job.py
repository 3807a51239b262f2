"""The main job in real browsers: Bob starts a canary and cannot approve his own, Alice does, on her phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Arrive

pytestmark = [pytest.mark.timeout(240), pytest.mark.req("REQ-P3-009")]
PHONE = {"width": 390, "height": 844}


def wait_for_state(page: Page, text: str) -> None:
    expect(page.locator(".head .badge")).to_contain_text(text, timeout=90_000)


def is_within(page: Page) -> bool:
    """Whether nothing sticks out at the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def approve_first(page: Page, reason: str) -> None:
    page.locator(".actions.sticky .primary").click()
    page.fill("dialog[open] textarea", reason)
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_bob_starts_a_canary_and_alice_approves_it_on_her_phone(arrive: Arrive) -> None:
    bob = arrive("bob")
    expect(bob.locator("table.matrix")).to_contain_text("1.0.0")
    expect(bob.locator("table.matrix tr", has_text="hello").locator("td").nth(3)).to_contain_text(
        "healthy", timeout=60_000
    )

    bob.goto("/releases/hello/1.1.0")
    bob.get_by_role("link", name="Roll out").click()
    bob.select_option("#environment", "prod")
    expect(bob.locator("#plan")).to_have_value(re.compile("observe: 2s"))
    expect(bob.locator(".steps")).to_contain_text("Approval")
    bob.fill("#reason", "Sign-in no longer times out")
    bob.get_by_role("button", name="Start the rollout").click()
    bob.wait_for_url(re.compile(r"/rollouts/\d+$"))
    wait_for_state(bob, "Waiting for approval")

    expect(bob.locator(".refused")).to_contain_text("bob started it")
    expect(bob.locator(".refused button")).to_be_disabled()

    alice = arrive("alice", **PHONE)
    expect(alice.locator(".waiting")).to_contain_text("hello")
    alice.locator(".waiting a").first.click()
    wait_for_state(alice, "Waiting for approval")
    assert is_within(alice)
    button = alice.locator(".actions.sticky .primary")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= PHONE["height"]
    approve_first(alice, "Looks good")

    expect(bob.locator(".people")).to_contain_text("alice")
    expect(bob.locator(".people")).to_contain_text("Looks good")
    expect(bob.locator(".verdict")).to_contain_text("stable", timeout=60_000)
    wait_for_state(bob, "kept warm")
    expect(bob.locator(".split.large")).to_contain_text("100")
    bob.goto("/")
    expect(bob.locator("table.matrix tr", has_text="hello").locator("td").nth(3)).to_contain_text("1.1.0")
