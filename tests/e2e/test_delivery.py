"""Delivery in real browsers: releases compared, a list as one left it, a container restarted and found in the trail."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Arrive, Served

pytestmark = [pytest.mark.timeout(120), pytest.mark.req("REQ-P3-009")]


def test_two_releases_are_compared_and_turned_round(arrive: Arrive) -> None:
    bob = arrive("bob")
    bob.goto("/releases/hello/compare?from=1.0.0&to=1.1.0")
    expect(bob.locator(".why")).to_contain_text("The image is another one.")
    expect(bob.locator("main")).to_contain_text("sign-in no longer times out")
    bob.get_by_role("button", name="Swap the two").click()
    bob.wait_for_url(re.compile(r"from=1\.1\.0&to=1\.0\.0"))
    bob.select_option("#to", "1.2.0")
    bob.wait_for_url(re.compile(r"to=1\.2\.0"))
    expect(bob.locator("main")).to_contain_text("faster search")


def test_a_list_is_filtered_kept_as_a_view_and_sent_to_a_colleague(arrive: Arrive, portal: Served) -> None:
    bob = arrive("bob")
    bob.goto("/rollouts")
    bob.wait_for_selector("main table.list")
    bob.select_option("#environment", "prod")
    bob.wait_for_url(re.compile("environment=prod"))
    bob.get_by_role("button", name="Views").click()
    bob.get_by_role("menuitem", name="Save this view").click()
    bob.fill("dialog[open] [name=name]", "In prod")
    bob.check("dialog[open] [name=is_shared]")
    bob.locator("dialog[open] button[type=submit]").click()
    expect(bob.locator(".notices")).to_contain_text("In prod")
    link = bob.url

    carol = arrive("carol")
    carol.goto("/rollouts")
    carol.wait_for_selector("main table.list")
    carol.get_by_role("button", name="Views").click()
    carol.locator(".menu-item", has_text="In prod").click()
    carol.wait_for_url(re.compile("environment=prod"))
    carol.goto(link.removeprefix(portal.url))
    expect(carol.locator("#environment")).to_have_value("prod")
    expect(carol.locator("main table.list tbody tr").first).to_contain_text("hello")


def test_a_container_is_restarted_with_a_reason_and_found_in_the_trail(arrive: Arrive) -> None:
    dora = arrive("dora")
    dora.goto("/containers")
    dora.locator("main table.list a.row-link").first.click()
    dora.wait_for_url(re.compile(r"/containers/.+"))
    name = dora.url.rpartition("/")[2]
    expect(dora.locator(".head h1")).to_have_text(name)
    dora.locator(".head").get_by_role("button", name="Restart").click()
    dora.fill("dialog[open] textarea", "it answers slowly today")
    dora.locator("dialog[open] button[type=submit]").click()
    expect(dora.locator(".notices")).to_contain_text("was restarted", timeout=30_000)
    dora.goto("/audit?text=slowly")
    row = dora.locator("main table tbody tr", has_text=name)
    expect(row.first).to_contain_text("it answers slowly today")
