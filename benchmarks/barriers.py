"""Barriers on a page, as axe-core finds them: what keeps people with a screen reader, a keyboard or weak eyes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from playwright.sync_api import Page

from benchmarks.npm_packages import ensure_packages
from portal.web.navigation import nouns

LINKS_OF_A_PAGE = 40
_RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap(
  rule => rule.nodes.map(node => `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary}`))"""
_SETTLED = "() => document.querySelector('h1') && !document.querySelector('main .skeleton')"
_LINKS = "main a[href^='/']:not([download], [href^='/api/'])"
_PART = re.compile(r"\d[\w.+-]*")


@cache
def axe() -> str:
    """The program that looks for barriers, to be run in a page."""
    return (ensure_packages("axe") / "axe-core" / "axe.min.js").read_text("utf-8")


def barriers(page: Page) -> list[str]:
    """What is wrong on the page as it is shown now, a line a place."""
    page.evaluate(axe())
    return list(page.evaluate(_RUN))


def show(page: Page, path: str) -> None:
    """Go there, and wait until there is what the page is for."""
    page.goto(path)
    page.wait_for_function(_SETTLED)


def every_page(page: Page) -> Iterator[str]:
    """Shows every page of the navigation, and of what it links to one page of each kind; the path of each."""
    seen: set[str] = set()
    waiting = [noun.path for noun in nouns()]
    while waiting:
        path = waiting.pop(0)
        if _kind(path) in seen:
            continue
        seen.add(_kind(path))
        show(page, path)
        yield path
        waiting += _links(page)


def _links(page: Page) -> list[str]:
    found = page.eval_on_selector_all(_LINKS, "links => links.map(link => link.getAttribute('href'))")
    return [str(href) for href in found[:LINKS_OF_A_PAGE]]


def _kind(path: str) -> str:
    """Pages that differ by a number, a version or a query alone are of one kind."""
    return _PART.sub("…", path.partition("?")[0])
