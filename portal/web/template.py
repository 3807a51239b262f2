"""The shell around every page: navigation, bar, notices, keyboard; and `add_page`, which puts a page into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from portal.web.components.bar import Place, top_bar
from portal.web.components.browser import ready, shortcuts
from portal.web.components.icons import icon
from portal.web.components.keyboard import HELP_ID, keyboard_help
from portal.web.components.native import native_link
from portal.web.components.palette import palette
from portal.web.components.side import side
from portal.web.components.status import status_icon
from portal.web.navigation import nouns
from portal.web.states.bell import BellState
from portal.web.states.inbox import InboxState
from portal.web.states.session import SessionState
from portal.web.words import say, tr

PRODUCT = "Codex Father Portal"


def add_page(app: rx.App, build: Callable[[], rx.Component], place: Place, *, on_load: Sequence[Any]) -> None:
    """Add the page that `build` makes, inside the shell."""

    def page() -> rx.Component:
        return shell(build(), place)

    page.__name__ = build.__name__
    app.add_page(page, route=place.route, title=PRODUCT, on_load=[*on_load, InboxState.watch, BellState.watch])


def shell(content: rx.Component, place: Place) -> rx.Component:
    title = tr(f"nav.{place.noun}") if place.title is None else place.title
    return rx.el.div(
        rx.el.title(tr("web.title", page=title)),
        native_link(tr("web.skip"), href="#content", class_name="skip"),
        side(place.noun),
        rx.el.div(
            top_bar(place),
            rx.el.main(content, id="content", tab_index=-1),
            _demonstration(),  # below: it comes when the person is known, and must not push the page down
            class_name="column",
        ),
        notice(),
        keyboard_help(),
        palette(),
        shortcuts(places={noun.key: noun.path for noun in nouns()}, help_id=HELP_ID),
        ready(),
        class_name="shell",
    )


@rx.memo
def notice() -> rx.Component:
    """What the person is told after an action; good news goes by itself, bad news stays."""
    told: Any = SessionState.notice
    return rx.el.div(
        rx.cond(
            told.text.en != "",
            rx.el.div(
                status_icon(name=rx.cond(told.tone == "ok", "check", "triangle-alert")),
                rx.el.p(say(told.text), " ", rx.cond(told.href != "", _explained(told.href), rx.fragment())),
                rx.el.button(icon("x"), type="button", on_click=SessionState.close_notice, aria_label=tr("web.close")),
                key=told.number.to_string(),
                class_name=f"notice {told.tone}",
            ),
            rx.fragment(),
        ),
        class_name="notices",
        role="status",
        aria_live="polite",
    )


def _explained(href: Any) -> rx.Component:
    return native_link(tr("help.error"), href=href, class_name="link", custom_attrs={"target": "_blank"})


def _demonstration() -> rx.Component:
    return rx.cond(
        SessionState.is_demonstration,
        rx.el.aside(
            icon("flask-conical"),
            rx.el.span(rx.el.strong(tr("web.demonstration")), " ", tr("web.demonstration_more")),
            class_name="banner",
            aria_label=tr("web.demonstration"),
        ),
        rx.fragment(),
    )
