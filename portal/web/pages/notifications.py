"""Everything that this person was told, and how they like to be told."""

from __future__ import annotations

import reflex as rx

from portal.web.components.bar import Place
from portal.web.components.bell import notices, notification_settings
from portal.web.components.frame import card, head, skeleton
from portal.web.states.bell import BellState
from portal.web.template import add_page
from portal.web.words import tr


def notifications() -> rx.Component:
    every = rx.el.button(
        tr("notifications.read_all"), type="button", on_click=BellState.read_all, class_name="button quiet compact"
    )
    content = rx.el.div(
        card(tr("notifications.told"), notices(BellState.all_rows), aside=every),
        rx.el.aside(notification_settings(), class_name="stack"),
        class_name="two notifications",
    )
    return rx.fragment(
        head(tr("nav.notifications"), rx.el.span(tr("notifications.sub"), class_name="meta")),
        rx.cond(BellState.is_loaded, content, skeleton("l")),
    )


def add_to(app: rx.App) -> None:
    add_page(app, notifications, Place("/notifications", "notifications"), on_load=[BellState.load])
