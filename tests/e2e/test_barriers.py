"""Every page of the navigation, and one of each kind behind it, can be used by everybody: in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.barriers import barriers, every_page, show
from portal.web.navigation import nouns
from tests.e2e.conftest import Served

pytestmark = pytest.mark.timeout(400)
THEMES = ("light", "dark")


@contextmanager
def looking(browser: Browser, portal: Served, theme: str) -> Iterator[Page]:
    context = browser.new_context(color_scheme=theme, base_url=portal.url, reduced_motion="reduce", locale="en")  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_the_door_has_no_barriers(browser: Browser, portal: Served, theme: str) -> None:
    with looking(browser, portal, theme) as page:
        show(page, "/sign-in")
        assert barriers(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_no_page_has_barriers(browser: Browser, portal: Served, theme: str) -> None:
    found: dict[str, list[str]] = {}
    with looking(browser, portal, theme) as page:
        name, _, value = portal.sign_in("dora").partition("=")
        page.context.add_cookies([{"name": name, "value": value, "url": portal.url}])
        for path in every_page(page):
            found[path] = barriers(page)

    assert {noun.path for noun in nouns()} <= set(found)
    assert "\n".join(f"{path} {line}" for path, lines in found.items() for line in lines) == ""
