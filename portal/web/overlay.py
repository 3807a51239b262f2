"""What lies over every page: the notice of a lost connection, in our own words instead of Reflex's."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_too_many_connection_errors

from portal.web.components.icons import icon
from portal.web.words import tr


def overlay(is_stateful: bool) -> rx.Component | None:
    return rx.fragment(connection_lost()) if is_stateful else None


@rx.memo
def connection_lost() -> rx.Component:
    return rx.cond(
        has_too_many_connection_errors,
        rx.el.div(
            icon("wifi-off"),
            rx.el.div(
                rx.el.strong(tr("web.connection_lost")),
                rx.el.span(tr("web.connection_lost_more")),
            ),
            class_name="lost",
            role="alert",
        ),
        rx.fragment(),
    )
