"""On a phone: rows are chosen with a thumb, nothing runs out at the side, and a wrong address is told in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.barriers import every_page, show
from tests.e2e.conftest import Served

pytestmark = pytest.mark.timeout(240)
WIDTH, THUMB = 390, 40
_BEYOND = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def phone(browser: Browser, portal: Served) -> Iterator[Page]:
    """Dora's, who reads Chinese."""
    screen = {"width": WIDTH, "height": 844}
    context = browser.new_context(viewport=screen, has_touch=True, is_mobile=True, base_url=portal.url, locale="zh-CN")  # type: ignore[arg-type]
    name, _, value = portal.sign_in("dora").partition("=")
    context.add_cookies([{"name": name, "value": value, "url": portal.url}])
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def test_a_thumb_chooses_rows_and_lets_all_of_them_be_chosen(phone: Page) -> None:
    show(phone, "/dev/components")
    target = phone.locator("td.choose label").first
    box = target.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= THUMB

    target.tap()
    expect(phone.locator(".chosen strong")).to_have_text("已选 1 项")
    phone.locator(".chosen").get_by_role("button", name="全选").tap()
    expect(phone.locator(".chosen strong")).to_have_text("已选 8 项")


def test_no_page_runs_out_at_the_side(phone: Page) -> None:
    wide = {path: beyond for path in every_page(phone) if (beyond := phone.evaluate(_BEYOND)) > 0}
    assert wide == {}


def test_an_address_that_no_page_has_is_told_in_words(phone: Page) -> None:
    show(phone, "/no/such/page")
    expect(phone.get_by_role("heading", level=1)).to_have_text("没有这个页面")
    phone.get_by_role("link", name="前往总览").tap()
    expect(phone.get_by_role("heading", level=1)).to_have_text("总览")
