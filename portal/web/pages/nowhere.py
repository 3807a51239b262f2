"""Where an address leads that no page has."""

from __future__ import annotations

import reflex as rx

from portal.web.components.door import door
from portal.web.components.native import native_link
from portal.web.template import PRODUCT
from portal.web.words import tr

ROUTE = "404"  # what Reflex shows for every address without a page


def nowhere() -> rx.Component:
    home = native_link(tr("nowhere.home"), href="/", class_name="button primary")
    content = rx.fragment(rx.el.p(tr("nowhere.more")), home)
    return door("nowhere.title", content, "search-x", "nowhere.hint", has_help=False)


def add_to(app: rx.App) -> None:
    app.add_page(nowhere, route=ROUTE, title=PRODUCT)
