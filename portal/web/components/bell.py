"""The bell in the top bar with its list, the list on its own page, and the form of how one likes to be told."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal.web.components.browser import ago
from portal.web.components.controls import text_field
from portal.web.components.forms import submit, trouble
from portal.web.components.frame import card, link
from portal.web.components.icons import icon
from portal.web.components.status import status_icon
from portal.web.states.bell import BellState
from portal.web.words import say, tr

BELL_ID = "bell"
_WAYS = ("bell", "browser", "email")


class BrowserNotice(rx.Component):
    """Tells the newest unread notification outside the page, if the person chose so."""

    library = "$/public/portal/browser_notice.jsx"
    tag = "BrowserNotice"
    newest: rx.Var[Any]
    title: rx.Var[str]


class BrowserPermission(rx.Component):
    """Asks the browser for leave to do so."""

    library = "$/public/portal/browser_notice.jsx"
    tag = "BrowserPermission"
    label: rx.Var[str]
    done: rx.Var[str]
    denied: rx.Var[str]


@rx.memo
def bell() -> rx.Component:
    count = rx.cond(BellState.unread > 99, "99+", BellState.unread.to_string())
    return rx.fragment(
        rx.el.button(
            icon("bell"),
            rx.cond(BellState.unread > 0, rx.el.span(count, class_name="count"), rx.fragment()),
            type="button",
            class_name="tool bell",
            aria_label=tr("notifications.bell", n=BellState.unread),
            custom_attrs={"popovertarget": BELL_ID},
        ),
        rx.el.div(
            rx.el.div(
                rx.el.h2(tr("nav.notifications")),
                rx.el.button(
                    tr("notifications.read_all"), type="button", on_click=BellState.read_all, class_name="link small"
                ),
                class_name="card-head",
            ),
            notices(BellState.rows),
            link(tr("notifications.all"), href="/notifications"),
            id=BELL_ID,
            class_name="menu-card bell-card",
            custom_attrs={"popover": "auto"},
        ),
        BrowserNotice.create(newest=BellState.newest, title=tr("product.short")),
    )


def notices(rows: Any) -> rx.Component:
    return rx.cond(
        rows.length() > 0,
        rx.el.ul(rx.foreach(rows, _notice), class_name="notice-list"),
        rx.el.p(tr("notifications.none"), class_name="note"),
    )


def _notice(line: Any) -> rx.Component:
    text = rx.el.span(say(line.text))
    return rx.el.li(
        rx.el.span(status_icon(name=line.icon), class_name=f"health {line.tone}"),
        rx.el.div(
            rx.cond(line.href != "", link(text, href=line.href, class_name="bare"), text),
            rx.el.div(ago(at=line.at), class_name="small"),
        ),
        rx.cond(
            line.is_read,
            rx.fragment(),
            rx.el.button(
                icon("check", size=14),
                type="button",
                on_click=BellState.read(line.id),
                class_name="tool",
                aria_label=tr("notifications.read"),
                title=tr("notifications.read"),
            ),
        ),
        class_name=rx.cond(line.is_read, "read", "unread"),
    )


def notification_settings() -> rx.Component:
    """Which event by which way. Needs `BellState.load` among the handlers of the page."""
    head = rx.el.tr(
        rx.el.th(tr("notifications.event"), scope="col"),
        *(rx.el.th(tr(f"notifications.way.{way}"), scope="col") for way in _WAYS),
    )
    permission = BrowserPermission.create(
        label=tr("notifications.let_browser"),
        done=tr("notifications.browser_let"),
        denied=tr("notifications.browser_denied"),
    )
    return card(
        tr("notifications.settings"),
        rx.el.form(
            rx.el.table(rx.el.thead(head), rx.el.tbody(rx.foreach(BellState.choices, _choice)), class_name="ways"),
            text_field(
                tr("notifications.address"),
                "address",
                type="email",
                max_length=300,
                default_value=BellState.address,
                hint=tr("notifications.address_hint"),
            ),
            trouble(BellState.trouble),
            rx.el.div(submit(tr("notifications.save")), permission, class_name="actions"),
            on_submit=BellState.save,
            key=BellState.is_loaded.to_string(),
            class_name="form",
        ),
    )


def _choice(choice: Any) -> rx.Component:
    def box(way: str, is_on: Any) -> rx.Component:
        control = rx.el.input(
            type="checkbox",
            name=choice.event + "." + way,
            default_checked=is_on,
            aria_label=tr(f"notifications.way.{way}"),
        )
        return rx.el.td(rx.el.label(control, class_name="check"))

    return rx.el.tr(
        rx.el.td(say(choice.label)),
        box("bell", choice.bell),
        box("browser", choice.browser),
        box("email", choice.email),
    )
