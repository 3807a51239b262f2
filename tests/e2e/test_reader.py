"""A reader without an account reads in both languages, finds a place and says something; support answers it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.barriers import barriers
from tests.e2e.conftest import Arrive, Served

pytestmark = [pytest.mark.e2e, pytest.mark.req("REQ-P3-013")]
SAID = "示例 <script>document.title = 'taken'</script> 太少"


@pytest.fixture
def reader(browser: Browser, portal: Served) -> Iterator[Page]:
    """Nobody who is signed in. What the browser complains about fails the test: the policy of the pages is strict."""
    context = browser.new_context(base_url=portal.url, locale="en", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


def test_a_reader_changes_the_language_at_the_same_place_and_finds_words_of_it(reader: Page) -> None:
    reader.goto("/docs/operations#back-up")
    assert reader.url.endswith("/docs/en/operations#back-up")
    reader.click("#reader-language")
    reader.wait_for_url("**/docs/zh/operations#back-up")
    expect(reader.locator("#back-up")).to_be_in_viewport()
    reader.keyboard.press("/")
    reader.keyboard.type("冻结窗口")
    first = reader.locator("#reader-search-rows a").first
    expect(first).to_contain_text("冻结窗口")
    place = first.get_attribute("href") or ""
    assert place.startswith("/docs/zh/")
    reader.keyboard.press("Enter")
    reader.wait_for_url(f"**{place}")
    reader.goto("/docs")
    assert reader.url.endswith("/docs/zh")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_documentation_has_no_barriers(reader: Page, width: int, scheme: str) -> None:
    reader.set_viewport_size({"width": width, "height": 844})
    reader.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    for place in ("/docs/en/verdict", "/docs/zh/recipes"):
        reader.goto(place)
        assert barriers(reader) == []
        assert reader.evaluate("document.documentElement.scrollWidth") <= width


def test_what_a_reader_says_reaches_support_as_text_and_is_answered(reader: Page, arrive: Arrive) -> None:
    reader.goto("/docs/zh/plans")
    reader.locator("#reader-question").get_by_text("没有", exact=True).click()
    reader.fill("#reader-text", SAID)
    reader.click("#reader-question .button")
    reader.wait_for_url("**/docs/zh/plans#reader-thanks")
    expect(reader.locator("#reader-thanks")).to_be_visible()
    page = arrive("dora")
    page.goto("/support")
    page.locator(".row-link").first.click()
    expect(page.get_by_text(SAID)).to_be_visible()
    page.fill("#answer", "We added one.")
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("main").get_by_text("answered").first).to_be_visible()
    assert "taken" not in page.title()
